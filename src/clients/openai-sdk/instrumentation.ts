import type { Tracer, TracerProvider } from '@opentelemetry/api';
import {
  InstrumentationBase,
  type InstrumentationConfig,
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
  isWrapped,
} from '@opentelemetry/instrumentation';
import type { BudgetStatusSetting, TokenBudgetTracker } from '../../budget/index.ts';
import {
  type ActiveCall,
  type CallServices,
  createCallServices,
  type FailureBilling,
} from '../../calls/index.ts';
import type { PriceBook } from '../../pricing/index.ts';
import { SCOPE } from '../../telemetry/names/index.ts';
import { type CallInstruments, createCallInstruments } from '../../telemetry/signals/index.ts';
import { IndexedList } from '../../util/index.ts';
import { type ClientPatch, clientPatches } from './patches.ts';
import { SOCKET_FILES, socketPatches } from './realtime/index.ts';
import type { Method } from './sdk-types.ts';

export { SCOPE };

/** The budget of the calls of the SDK, and how they are priced and recorded. */
export interface OpenAIInstrumentationConfig extends InstrumentationConfig {
  /** The budget of calls made outside any `withBudget`. */
  readonly tracker: TokenBudgetTracker;
  readonly prices: PriceBook;
  /**
   * Whether `strict` refuses a call whose cost is unknown or unbounded; default: `warn`, it is sent and
   * reported.
   */
  readonly unmeteredEndpoints?: 'warn' | 'refuse';
  /** What requests are charged that fail with an error status, by the status, if not as by default. */
  readonly failureBilling?: FailureBilling;
  /** Whether streams are asked for their usage; default: `auto`, if the API is known to accept the option. */
  readonly includeUsage?: 'auto' | 'always' | 'never';
  /** Whether spans carry prompts and completions; default: no. */
  readonly captureContent?: boolean;
  /** Whether an event of each call carries them; default: no. */
  readonly contentEvents?: boolean;
  /** Whether the model is given the status of its budget, and in which format; default: `off`. */
  readonly budgetStatus?: BudgetStatusSetting;
  /** Called each time a copy of the SDK is patched, before the application receives it. */
  readonly onPatch?: () => void;
  /** Called once, before the first call starts. */
  readonly onFirstCall?: () => void;
}

/** The releases of the openai SDK that are instrumented. */
export const SUPPORTED_VERSIONS = ['>=4.19.0 <8'];

/** The files of openai 5 to 7 that define the client, for applications that import it from there. */
const CLIENT_FILES = ['openai/client.js', 'openai/client.mjs', 'openai/client'];

/**
 * Instruments the openai SDK: a span, a reservation and a charge for each call of chat completions,
 * responses, completions and embeddings, by `OpenAI`, `AzureOpenAI` and subclasses, at any base URL.
 *
 * All calls, including those of helpers (`parse`, `stream`, `runTools`), go through one method of the client,
 * `makeRequest`. It is patched, so that each call is seen once, however it is made.
 * @example
 * registerInstrumentations({
 *   instrumentations: [new OpenAIInstrumentation({ tracker, prices: new PriceBook() }, '1.0.0')],
 * });
 */
export class OpenAIInstrumentation extends InstrumentationBase<OpenAIInstrumentationConfig> {
  // Only declared: they are set while the base class is constructed, before any initializer would run.
  declare private telemetry: { tracer: Tracer; instruments: CallInstruments };
  declare private patches: readonly ClientPatch[];
  declare private activeCalls: IndexedList<ActiveCall>;
  /**
   * The services that calls share, for calls that are not made through the SDK.
   * @internal
   */
  declare services: CallServices;

  constructor(config: OpenAIInstrumentationConfig, version: string) {
    super(SCOPE, version, config);
  }

  /** Ends the calls that are under way and whose end will not be seen, since the process exits. */
  abandonActiveCalls(why: string): void {
    for (const call of [...this.activeCalls]) call.abandon(why);
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    this.activeCalls = new IndexedList<ActiveCall>();
    this.services = createCallServices(this.getConfig(), this.telemetry, this.activeCalls);
    this.patches = clientPatches(this.services);
    const patch = (exports: unknown): unknown => {
      this.patchModule(exports);
      return exports;
    };
    const unpatch = (exports: unknown): void => this.unpatchModule(exports);
    return new InstrumentationNodeModuleDefinition('openai', SUPPORTED_VERSIONS, patch, unpatch, [
      ...CLIENT_FILES.map(
        (file) => new InstrumentationNodeModuleFile(file, SUPPORTED_VERSIONS, patch, unpatch),
      ),
      ...this.socketFiles(),
    ]);
  }

  /** The files of the WebSocket classes, each as CommonJS, as an ES module and without an extension. */
  private socketFiles(): InstrumentationNodeModuleFile[] {
    return Object.entries(SOCKET_FILES).flatMap(([file, kind]) => {
      const patches = socketPatches(this.services, kind);
      const patch = (exports: unknown): unknown => {
        for (const prototype of socketPrototypes(exports)) this.wrapAll(prototype, patches);
        return exports;
      };
      const unpatch = (exports: unknown): void => {
        for (const prototype of socketPrototypes(exports)) this.unwrapAll(prototype, patches);
      };
      return ['.js', '.mjs', ''].map(
        (end) => new InstrumentationNodeModuleFile(`${file}${end}`, SUPPORTED_VERSIONS, patch, unpatch),
      );
    });
  }

  override setTracerProvider(provider: TracerProvider): void {
    super.setTracerProvider(provider);
    this.telemetry.tracer = this.tracer;
  }

  protected override _updateMetricInstruments(): void {
    const instruments = createCallInstruments(this.meter);
    this.telemetry ??= { tracer: this.tracer, instruments };
    this.telemetry.instruments = instruments;
  }

  private patchModule(exports: unknown): void {
    const prototype = clientPrototype(exports);
    if (prototype === undefined) {
      this._diag.warn('this copy of openai has no client to patch: its calls are not metered');
      return;
    }
    this.getConfig().onPatch?.();
    this.wrapAll(prototype, this.patches);
  }

  private wrapAll(prototype: Prototype, patches: readonly ClientPatch[]): void {
    for (const { name, wrap } of patches) {
      // The file of the client and the index of the package export the same class.
      if (typeof prototype[name] === 'function' && !isWrapped(prototype[name]))
        this._wrap(prototype, name, wrap);
    }
  }

  private unwrapAll(prototype: Prototype, patches: readonly ClientPatch[]): void {
    for (const { name } of patches) if (isWrapped(prototype[name])) this._unwrap(prototype, name);
  }

  private unpatchModule(exports: unknown): void {
    const prototype = clientPrototype(exports);
    if (prototype === undefined) return;
    this.unwrapAll(prototype, this.patches);
  }
}

type Prototype = Record<string, Method>;

/** The prototypes of the WebSocket classes that a file exports. */
function socketPrototypes(exports: unknown): Prototype[] {
  return Object.values(Object(exports)).flatMap((one) => {
    const prototype = typeof one === 'function' ? (one.prototype as Prototype | undefined) : undefined;
    const isSocket = typeof prototype?.['send'] === 'function' && typeof prototype['_emit'] === 'function';
    return isSocket && prototype !== undefined ? [prototype] : [];
  });
}

function clientPrototype(exports: unknown): Prototype | undefined {
  const module = exports as {
    OpenAI?: { prototype?: Prototype };
    default?: { prototype?: Prototype };
  };
  const prototype = module?.OpenAI?.prototype ?? module?.default?.prototype;
  return typeof prototype?.['makeRequest'] === 'function' ? prototype : undefined;
}
