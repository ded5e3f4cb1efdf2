import type { BudgetStatusSetting, TokenBudgetTracker } from '../../budget/index.ts';
import {
  type ActiveCall,
  type CallServices,
  createCallServices,
  type FailureBilling,
  HostTelemetry,
} from '../../calls/index.ts';
import type { PriceBook } from '../../pricing/index.ts';
import { diag, type MeterProvider, type TracerProvider } from '../../telemetry/api/index.ts';
import {
  budgetOfCall,
  markHooked,
  noteClientSeen,
  reportNotEnforced,
} from '../../telemetry/context/index.ts';
import { SCOPE } from '../../telemetry/names/index.ts';
import { IndexedList, satisfiesRange, VERSION } from '../../util/index.ts';
import {
  hookModules,
  onSdkFile,
  type SdkFile,
  type UnmeteredRequest,
  watchUnmeteredRequests,
} from './loading/index.ts';
import { clientPatches } from './patches.ts';
import { SOCKET_FILES, socketPatches } from './realtime/index.ts';
import type { ClientPatch } from './sdk-types.ts';
import { isWrapped, WrappedMethods } from './wrapping/index.ts';

export { SCOPE };

/** The budget of the calls of the SDK, and how they are priced and recorded. */
export interface OpenAIInstrumentationConfig {
  /** Whether classes are patched as soon as this is constructed; default: yes. `enable` patches them later. */
  readonly enabled?: boolean;
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
  /** Called with a sentence for people if a copy of the SDK cannot be patched. */
  readonly onProblem?: (problem: string) => void;
  /** Called for each request of a copy of the SDK that is not metered, after it is reported. */
  readonly onUnmeteredRequest?: (reason: string) => void;
  /** Called once, before the first call starts. */
  readonly onFirstCall?: () => void;
}

/** The releases of the openai SDK that are instrumented. */
export const SUPPORTED_VERSIONS = '>=4.19.0 <8';

/**
 * Instruments the openai SDK: a span, a reservation and a charge for each call of chat completions,
 * responses, completions and embeddings, by `OpenAI`, `AzureOpenAI` and subclasses, at any base URL.
 *
 * All calls, including those of helpers (`parse`, `stream`, `runTools`), go through one method of the client,
 * `makeRequest`. It is patched, so that each call is seen once, however it is made. Copies of the SDK are patched when
 * they are loaded, as CommonJS and as ES modules, with any release of `@opentelemetry/instrumentation` or without it.
 * @example
 * registerInstrumentations({ instrumentations: [new OpenAIInstrumentation({ tracker, prices: new PriceBook() })] });
 */
export class OpenAIInstrumentation {
  /** The name of the scope of its spans and metrics. */
  readonly instrumentationName: string = SCOPE;
  /** The version of this package. */
  readonly instrumentationVersion: string = VERSION;
  /**
   * The services that calls share, for calls that are not made through the SDK.
   * @internal
   */
  readonly services: CallServices;
  readonly #telemetry = new HostTelemetry();
  readonly #activeCalls = new IndexedList<ActiveCall>();
  readonly #patches: readonly ClientPatch[];
  readonly #wrapped = new WrappedMethods();
  #config: OpenAIInstrumentationConfig;
  #stop: (() => void) | undefined;

  constructor(config: OpenAIInstrumentationConfig) {
    this.#config = config;
    this.services = createCallServices(config, this.#telemetry, this.#activeCalls);
    this.#patches = clientPatches(this.services);
    if (config.enabled !== false) this.enable();
  }

  /** Patches the copies of the SDK that were loaded since the first instrumentation, and those that will be. */
  enable(): void {
    if (this.#stop !== undefined) return;
    hookModules();
    markHooked();
    watchUnmeteredRequests((request) => this.#reportUnmetered(request));
    this.#stop = onSdkFile((file) => this.patchFile(file));
  }

  /** Puts the methods of the SDK back. Calls under way are still charged. */
  disable(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#wrapped.restore();
  }

  /**
   * Patches a class of the SDK that was loaded before, or that a bundler has put into the program. A class that is
   * patched already is left as it is.
   * @throws TypeError if it is not a client of the openai SDK
   */
  patchClass(client: { readonly prototype: object }): void {
    this.#patchClient(prototypeOfClient(client));
  }

  /** Sets where spans go; default: the provider that is registered by the time of a call. */
  setTracerProvider(provider: TracerProvider | undefined): void {
    this.#telemetry.setTracerProvider(provider);
  }

  /** Sets where metrics go; default: the provider that is registered by the time of a call. */
  setMeterProvider(provider: MeterProvider): void {
    this.#telemetry.setMeterProvider(provider);
  }

  /** Returns the configuration. */
  getConfig(): OpenAIInstrumentationConfig {
    return this.#config;
  }

  /** Has no effect on calls: they are configured when the instrumentation is created. */
  setConfig(config: OpenAIInstrumentationConfig): void {
    this.#config = config;
  }

  /** Ends the calls that are under way and whose end will not be seen, since the process exits. */
  abandonActiveCalls(why: string): void {
    for (const call of [...this.#activeCalls]) call.abandon(why);
  }

  /**
   * Patches the classes of a file of the SDK.
   * @internal
   */
  patchFile({ name, version, url, classes }: SdkFile): void {
    noteClientSeen();
    if (!isSupported(version)) {
      this.#report(`openai ${version} (${url}) is not metered: expected ${SUPPORTED_VERSIONS}`);
      return;
    }
    const protocol = SOCKET_FILES[name];
    const prototypes = classes.map(({ prototype }) => prototype);
    if (protocol !== undefined) {
      const patches = socketPatches(this.services, protocol);
      for (const prototype of prototypes.filter(isSocket)) this.#wrapped.wrap(prototype, patches);
      return;
    }
    const clients = prototypes.filter(isClient);
    if (clients.length === 0 && (name === 'client' || name === 'index'))
      this.#report(`openai ${version} (${url}) has no client to patch: its calls are not metered`);
    for (const prototype of clients) this.#patchClient(prototype);
  }

  #patchClient(prototype: object): void {
    if (isWrapped(prototype, 'makeRequest')) return;
    this.#config.onPatch?.();
    this.#wrapped.wrap(prototype, this.#patches);
  }

  #reportUnmetered({ url, version }: UnmeteredRequest): void {
    noteClientSeen();
    const tracker = budgetOfCall(this.services.tracker);
    const reason =
      `POST ${url} left from a copy of openai ${version} that is not metered, so "${tracker.budget.name}" did not ` +
      'count it: the copy was loaded before this package or by a test runner, or is part of a bundle. See docs/frameworks.md';
    reportNotEnforced(tracker, reason);
    this.#config.onUnmeteredRequest?.(reason);
  }

  #report(problem: string): void {
    if (this.#config.onProblem === undefined) diag.warn(`otel-token-budget: ${problem}`);
    else this.#config.onProblem(problem);
  }
}

/**
 * Returns the prototype of a class of the SDK.
 * @throws TypeError if it is not a client of the openai SDK
 */
export function prototypeOfClient(client: { readonly prototype: object }): object {
  const prototype: unknown = client?.prototype;
  if (typeof prototype === 'object' && prototype !== null && isClient(prototype)) return prototype;
  throw new TypeError(
    'client: got no method makeRequest, expected a class of the openai SDK, such as OpenAI',
  );
}

/** Whether a version is one of {@link SUPPORTED_VERSIONS}. */
export function isSupported(version: string): boolean {
  return satisfiesRange(version, SUPPORTED_VERSIONS);
}

function isClient(prototype: object): boolean {
  return typeof Reflect.get(prototype, 'makeRequest') === 'function';
}

/** Whether a prototype is that of a WebSocket class that is not patched yet. */
function isSocket(prototype: object): boolean {
  const isOne = ['send', '_emit'].every((name) => typeof Reflect.get(prototype, name) === 'function');
  return isOne && !isWrapped(prototype, '_emit');
}
