import module from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { metrics, trace } from '@opentelemetry/api';
import { register as registerEsmHooks } from 'import-in-the-middle/register-hooks.mjs';
import {
  chainOf,
  failurePolicyOf,
  onAnyBudgetEvent,
  type Store,
  StoreError,
  type StoreFinding,
  TokenBudgetTracker,
} from '../budget/index.ts';
import { getPreloaded, type Preloaded, setPreloaded } from '../calls/index.ts';
import { OpenAIInstrumentation } from '../clients/openai-sdk/index.ts';
import { type Config, ConfigError, loadConfig } from '../config/index.ts';
import { formatUsd, NANO_PER_USD, PriceBook } from '../pricing/index.ts';
import { openStore } from '../stores/index.ts';
import { registerBudget, setBaggagePolicy } from '../telemetry/context/index.ts';
import type * as Sdk from '../telemetry/sdk/index.ts';
import { describeExceeded, hasTracerProvider, reportToHostProviders } from '../telemetry/signals/index.ts';
import { errorMessage, escapeControl, loadEntryModule, SeenOnce, VERSION } from '../util/index.ts';
import { handleShutdown } from './shutdown.ts';

/** Exit code of an invalid configuration: EX_CONFIG of sysexits.h. */
const EX_CONFIG = 78;

/**
 * How long exit waits for a shared store, milliseconds: enough for a thread to start, and to connect to a
 * Redis with a round trip of 300 ms.
 */
const EXIT_WAIT_MS = 2_500;

/** Options of {@link preloadBudget}. */
export interface PreloadBudgetOptions {
  /** Does not report that no limit is set, for a process whose budget is set elsewhere; default: false. */
  readonly quiet?: boolean;
}

/** The budget of the process, and where it is stored. */
interface ProcessBudget {
  readonly tracker: TokenBudgetTracker;
  readonly store: Store;
  readonly prices: PriceBook;
}

/**
 * Puts a budget on the process: reads the configuration, hooks the openai SDK for CommonJS and ES modules,
 * and starts telemetry once the SDK is loaded. A process that never loads the SDK pays only for the hooks.
 * Further calls return the result of the first.
 *
 * An invalid setting ends the process with one line on stderr and exit code 78 (EX_CONFIG).
 */
export function preloadBudget({ quiet = false }: PreloadBudgetOptions = {}): Preloaded {
  const earlier = getPreloaded();
  if (earlier !== undefined) return earlier;
  const config = exitIfInvalid(() => loadConfig());
  for (const warning of config.warnings) printLine(warning);
  if (!config.limitGiven && !quiet) printDefaultBudget(config);
  const budget = openBudget(config);
  hookEsModules();
  const telemetry = new ProcessTelemetry(budget);
  const instrumentation = instrument(config, budget, telemetry);
  const flush = (): void => telemetry.flushSync(config.flushTimeoutMs);
  const onExit = (): void => {
    instrumentation.abandonActiveCalls('the process exits');
    budget.store.settleAtExit?.(EXIT_WAIT_MS);
    flush();
  };
  // Cheaper than at exit, which needs a thread for it; only once, so that it does not keep the process alive.
  process.once('beforeExit', () => void budget.store.returnUnused?.());
  handleShutdown({ onExit, onPossibleExit: flush }, isMainThread);
  const result: Preloaded = {
    tracker: budget.tracker,
    config,
    services: instrumentation.services,
    startTelemetry: () => telemetry.start(instrumentation),
  };
  setPreloaded(result);
  return result;
}

/** Opens the process's budget in the configured store, whose failures are events of the budget. */
function openBudget(config: Config): ProcessBudget {
  const { budget, waitMs, leaseMs } = config;
  const failurePolicy = failurePolicyOf(chainOf(budget), config.failurePolicy);
  const onChange = (available: boolean, cause?: unknown): void => {
    const reason = errorMessage(cause);
    if (failurePolicy === 'open') printLine(available ? ENFORCED_AGAIN : notEnforced(reason));
    if (available) tracker.emit({ type: 'store_available', budget: budget.name });
    else tracker.emit({ type: 'store_unavailable', budget: budget.name, failurePolicy, reason });
  };
  const onLost = (reason: string): void => {
    printLine(reason);
    tracker.emit({ type: 'ledger_lost', budget: budget.name, reason });
  };
  const onFinding = ({ found, fix }: StoreFinding): void => {
    const reason = `${found}; ${fix}`;
    printLine(reason);
    tracker.emit({ type: 'store_warning', budget: budget.name, reason });
  };
  const listeners = { onChange, onLost, onFinding, onProblem: printLine };
  const store = exitIfInvalid(() => openStore({ ...config, ...listeners }));
  const tracker = new TokenBudgetTracker(budget, { store, waitMs, leaseMs });
  registerBudget(tracker);
  printExceeded();
  setBaggagePolicy({ send: config.sendBaggage, accept: config.acceptBaggage });
  const prices = new PriceBook({ prices: config.prices, unknownModel: config.unknownModel });
  return { tracker, store, prices };
}

function instrument(
  config: Config,
  { tracker, prices }: ProcessBudget,
  telemetry: ProcessTelemetry,
): OpenAIInstrumentation {
  const start = (): void => telemetry.start(instrumentation);
  const instrumentation = new OpenAIInstrumentation(
    {
      tracker,
      prices,
      unmeteredEndpoints: config.unmeteredEndpoints,
      failureBilling: config.failureBilling,
      includeUsage: config.includeUsage,
      captureContent: config.captureContent,
      contentEvents: config.contentEvents,
      budgetStatus: config.budgetStatus,
      // Not at once: imports are hoisted, so the module that has just imported openai may be about to start
      // an SDK.
      onPatch: () => setImmediate(start),
      onFirstCall: start,
    },
    VERSION,
  );
  return instrumentation;
}

/** The telemetry of the process: the host's, or an SDK that this package starts. */
class ProcessTelemetry {
  readonly #budget: ProcessBudget;
  #isStarted = false;
  #sdk: Sdk.Telemetry | undefined;

  constructor(budget: ProcessBudget) {
    this.#budget = budget;
  }

  /**
   * Uses the provider that the host has registered by now, and adds nothing to it; without one, starts the
   * SDK. The SDK is loaded only now, so that a process that never loads openai does not pay for it. Further
   * calls have no effect.
   */
  start(instrumentation: OpenAIInstrumentation): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const { tracker, prices } = this.#budget;
    if (hasTracerProvider()) reportToHostProviders(VERSION);
    else this.#sdk = loadSdk().startSdk({ tracker, prices, version: VERSION, onProblem: printLine });
    // Its tracer and meter are older, and the provider may be registered with another copy of the API.
    instrumentation.setTracerProvider(trace.getTracerProvider());
    instrumentation.setMeterProvider(metrics.getMeterProvider());
  }

  /** Sends what is recorded, if our SDK runs. */
  flushSync(timeoutMs: number): void {
    this.#sdk?.flushSync(timeoutMs);
  }
}

function loadSdk(): typeof Sdk {
  return loadEntryModule('telemetry/sdk/index') as typeof Sdk;
}

/** Routes imports of openai's entry points, and of nothing else, through the instrumentation. */
function hookEsModules(): void {
  registerEsmHooks({
    include: [
      /[\\/]node_modules[\\/]openai[\\/](index|client)\.m?js$/,
      // The classes of Realtime and of Responses over a WebSocket.
      /[\\/]node_modules[\\/]openai[\\/](beta|realtime|resources)[\\/](.+[\\/])?(ws|websocket)\.m?js$/,
    ],
  });
  // With `-e`, Node 22 and 24 read a builtin as a file if a hook passes it on, so this one does not. It is
  // registered only then, because it hides builtins from the host's hooks.
  const isEval = process.execArgv.some((arg) => /^(-e|-p|-pe|--eval|--print)(=|$)/.test(arg));
  if (!isEval) return;
  module.registerHooks({
    load: (url, context, next) =>
      module.isBuiltin(url) ? { format: 'builtin', shortCircuit: true } : next(url, context),
  });
}

/** Ends the process on an invalid setting, before any code of the application runs. */
function exitIfInvalid<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof StoreError)) throw error;
    printLine(error.message);
    process.exit(EX_CONFIG);
  }
}

const ENFORCED_AGAIN = 'the store is available again, and limits are enforced';

function notEnforced(reason: string): string {
  return `the store is unavailable (${reason}): calls are sent, and no limit is enforced until it is available again`;
}

/** Prints the first call of each model and reason, of any budget, that cost more than was reserved for it. */
function printExceeded(): void {
  const printed = new SeenOnce();
  onAnyBudgetEvent((event) => {
    if (event.type !== 'exceeded_reservation' || !printed.isNew(`${event.reason} ${event.model}`)) return;
    printLine(`${describeExceeded(event)}; it was charged in full`);
  });
}

function printDefaultBudget({ budget: { limits, mode } }: Config): void {
  const limit = formatUsd((limits.costUsd ?? 0) * NANO_PER_USD);
  const enforcement = mode === 'observe' ? 'observed, and no call is denied' : `enforced (${mode})`;
  printLine(
    `no limit is set, so the default of ${limit} (15 minutes of work) is ${enforcement}; ` +
      'set one with TOKEN_BUDGET_USD=5 or _TOKENS, _CALLS, _MINUTES',
  );
}

function printLine(line: string): void {
  process.stderr.write(`otel-token-budget: ${escapeControl(line)}\n`);
}
