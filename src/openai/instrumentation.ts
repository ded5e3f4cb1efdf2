import {
  InstrumentationBase,
  type InstrumentationConfig,
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
  isWrapped,
} from '@opentelemetry/instrumentation';
import type { TokenBudgetTracker } from '../budget/index.ts';
import type { PriceBook } from '../pricing/index.ts';
import type { BudgetStatusSetting } from './budget-status.ts';
import type { Call, CallHost } from './call.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import { createCallHost } from './meter-client.ts';
import { type ClientPatch, clientPatches, type Method } from './patches.ts';
import { SCOPE } from './scope.ts';

export { SCOPE };

export interface OpenAIInstrumentationConfig extends InstrumentationConfig {
  /** The budget that calls are charged to. */
  readonly tracker: TokenBudgetTracker;
  readonly prices: PriceBook;
  /** Whether streams are asked for their usage; `auto` (the default): where the API is known to take it. */
  readonly includeUsage?: 'auto' | 'always' | 'never';
  /** Whether prompts and completions go into spans; the default is no. */
  readonly captureContent?: boolean;
  /** Whether calls of Chat and Responses are told their budget, and at which length; the default is `off`. */
  readonly budgetStatus?: BudgetStatusSetting;
  /** Called each time a copy of the SDK is patched, before the application has it. */
  readonly onPatch?: () => void;
  /** Called once, before the first call begins. */
  readonly onFirstCall?: () => void;
}

/** The releases of the openai SDK that are instrumented. */
export const SUPPORTED_VERSIONS = ['>=4.19.0 <8'];

/** Where openai 5 to 7 define the client, for applications that import it from there. */
const CLIENT_FILES = ['openai/client.js', 'openai/client.mjs', 'openai/client'];

/**
 * Instruments the openai SDK: a span, a reservation and a charge for each call of chat completions, responses,
 * completions and embeddings, by `OpenAI`, `AzureOpenAI` and subclasses, at any base URL.
 *
 * All of them, and the helpers on top (`parse`, `stream`, `runTools`), go through one method of the client,
 * `makeRequest`: it is patched, so that a call is seen once however it is made.
 */
export class OpenAIInstrumentation extends InstrumentationBase<OpenAIInstrumentationConfig> {
  // Declared only: the base class sets them from its constructor, before initializers of ours would run.
  declare private instruments: Instruments;
  declare private patches: readonly ClientPatch[];
  declare private open: Set<Call>;

  constructor(config: OpenAIInstrumentationConfig, version: string) {
    super(SCOPE, version, config);
  }

  /** Ends the calls that are still open: the process exits, and they will not be seen to end. */
  endOpenCalls(why: string): void {
    for (const call of [...this.open]) call.abandoned(why);
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    this.open = new Set();
    this.patches = clientPatches(this.createHost());
    const patch = (exports: unknown): unknown => {
      this.patchModule(exports);
      return exports;
    };
    const unpatch = (exports: unknown): void => this.unpatchModule(exports);
    return new InstrumentationNodeModuleDefinition(
      'openai',
      SUPPORTED_VERSIONS,
      patch,
      unpatch,
      CLIENT_FILES.map((file) => new InstrumentationNodeModuleFile(file, SUPPORTED_VERSIONS, patch, unpatch)),
    );
  }

  protected override _updateMetricInstruments(): void {
    this.instruments = createInstruments(this.meter);
  }

  private createHost(): CallHost {
    const { tracker, prices, includeUsage, captureContent, budgetStatus, onFirstCall } = this.getConfig();
    let called = false;
    const tracer = () => this.tracer;
    const instruments = () => this.instruments;
    return createCallHost({
      tracker,
      prices,
      budgetStatus: budgetStatus ?? 'off',
      includeUsage: includeUsage ?? 'auto',
      captureContent: captureContent ?? false,
      open: this.open,
      get tracer() {
        return tracer();
      },
      get instruments() {
        return instruments();
      },
      beforeCall: () => {
        if (called) return;
        called = true;
        onFirstCall?.();
      },
    });
  }

  private patchModule(exports: unknown): void {
    const prototype = clientPrototype(exports);
    if (prototype === undefined) {
      this._diag.warn('this copy of openai has no client to patch: its calls are not counted');
      return;
    }
    this.getConfig().onPatch?.();
    for (const { name, wrap } of this.patches) {
      // The client's file and the package's index both come by here with the same class.
      if (typeof prototype[name] === 'function' && !isWrapped(prototype[name]))
        this._wrap(prototype, name, wrap);
    }
  }

  private unpatchModule(exports: unknown): void {
    const prototype = clientPrototype(exports);
    if (prototype === undefined) return;
    for (const { name } of this.patches) if (isWrapped(prototype[name])) this._unwrap(prototype, name);
  }
}

type ClientPrototype = Record<string, Method>;

function clientPrototype(exports: unknown): ClientPrototype | undefined {
  const module = exports as {
    OpenAI?: { prototype?: ClientPrototype };
    default?: { prototype?: ClientPrototype };
  };
  const prototype = module?.OpenAI?.prototype ?? module?.default?.prototype;
  return typeof prototype?.['makeRequest'] === 'function' ? prototype : undefined;
}
