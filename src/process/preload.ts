import { isMainThread } from 'node:worker_threads';
import {
  chainOf,
  failurePolicyOf,
  onAnyBudgetEvent,
  type Store,
  StoreError,
  type StoreFinding,
  StoreSetupError,
  TokenBudgetTracker,
} from '../budget/index.ts';
import { getPreloaded, type Preloaded, setPreloaded } from '../calls/index.ts';
import { OpenAIInstrumentation, reportImportedClient } from '../clients/openai-sdk/index.ts';
import { type Config, ConfigError, loadConfig, type Settings, storeSettingName } from '../config/index.ts';
import { formatUsd, NANO_PER_USD, PriceBook } from '../pricing/index.ts';
import { checkStore, describeSetupError, openStore } from '../stores/index.ts';
import { failOpen } from '../telemetry/api/index.ts';
import {
  noteClientSeen,
  registerBudget,
  reportNotEnforced,
  setBaggagePolicy,
  setProcessBudget,
} from '../telemetry/context/index.ts';
import { describeExceeded } from '../telemetry/signals/index.ts';
import {
  canLoadEntryModules,
  errorMessage,
  INTERNAL_VARIABLES,
  loadEntryModule,
  printLine,
  SeenOnce,
} from '../util/index.ts';
import { ClosingLine } from './closing-line.ts';
import type * as Diagnosis from './diagnosis/index.ts';
import { exitForConfig, exitForWorkers, exitThread } from './exit-process.ts';
import { ProcessTelemetry } from './process-telemetry.ts';
import { handleShutdown } from './shutdown.ts';
import { describeUnavailable, ENFORCED_AGAIN } from './store-problems.ts';

/**
 * How long exit waits for a shared store, milliseconds: enough for a thread to start, and to connect to a
 * Redis with a round trip of 300 ms.
 */
const EXIT_WAIT_MS = 2_500;

/** For a program that is to run with calls that are not counted. */
const HOW_TO_GO_ON = 'set "requireEnforcement": false in the configuration file to run without counting them';
const IN_A_BUNDLE =
  'a bundler has put this package into the program, where it cannot load its own files: no budget is enforced. Keep it ' +
  'out of the bundle, in Next.js with serverExternalPackages; see docs/opentelemetry.md';

/** Options of {@link preloadBudget}. */
export interface PreloadBudgetOptions {
  /** Does not report that no limit is set, for a process whose budget is set elsewhere; default: false. */
  readonly quiet?: boolean;
  /** Whether the process may have opened its store before, which is then not checked at once; default: false. */
  readonly mayHaveStore?: boolean;
  /** Settings of the program, which those of the environment override. */
  readonly settings?: Settings;
  /** Throws what is wrong with a setting or the store, instead of ending the process; default: false. */
  readonly throws?: boolean;
  /** Whether the program may import this package itself, and openai with it; default: false. */
  readonly isImported?: boolean;
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
 * An invalid setting ends the process with one line on stderr and exit code 78 (EX_CONFIG). So does a store that
 * cannot be used until its set-up is corrected, at the latest with the first call, which is not sent.
 */
export function preloadBudget(options: PreloadBudgetOptions = {}): Preloaded {
  const earlier = getPreloaded();
  if (earlier !== undefined) return earlier;
  const { quiet = false, mayHaveStore = false, isImported = false, settings = {}, throws = false } = options;
  const config = exitIfInvalid(() => loadConfig(process.env, settings), { throws });
  for (const warning of config.warnings) printLine(warning);
  if (!config.limitGiven && !quiet && isMainThread) printDefaultBudget(config);
  const budget = openBudget(config, { isFirst: isMainThread && !mayHaveStore, throws });
  if (!canLoadEntryModules()) reportNotEnforced(budget.tracker, IN_A_BUNDLE);
  const telemetry = new ProcessTelemetry(budget);
  const instrumentation = instrument(config, budget, telemetry);
  if (isImported) reportImportedClient();
  const closingLine = new ClosingLine(budget.tracker, config);
  makeCurrent(config, budget.tracker);
  if (process.env[INTERNAL_VARIABLES.doctor] !== undefined)
    failOpen('diagnosing the process', () =>
      loadDiagnosis().startDiagnosis({
        tracker: budget.tracker,
        store: config.store,
        setTracerProvider: (provider) => instrumentation.setTracerProvider(provider),
        sendSpans: () => telemetry.sendSpans,
      }),
    );
  const onExit = (): void => {
    instrumentation.abandonActiveCalls('the process exits');
    // Spans are sent while the store is waited for: whoever ends the process may not wait for long.
    if (config.flushTimeoutMs > 0) telemetry.handOver();
    budget.store.settleAtExit?.(EXIT_WAIT_MS);
    telemetry.flushSync(config.flushTimeoutMs);
    if (isMainThread) closingLine.print();
  };
  const onPossibleExit = (): void => {
    telemetry.startFlush();
    void budget.store.returnUnused?.();
  };
  // Cheaper than at exit, which needs a thread for it; only once, so that it does not keep the process alive.
  process.once('beforeExit', () => void budget.store.returnUnused?.());
  handleShutdown({ onExit, onPossibleExit }, isMainThread);
  const result: Preloaded = {
    tracker: budget.tracker,
    config,
    services: instrumentation.services,
    patchClass: (client) => instrumentation.patchClass(client),
    flush: async () => {
      await Promise.all([budget.store.returnUnused?.(), telemetry.flush()]);
    },
    startTelemetry: () => telemetry.start(),
  };
  setPreloaded(result);
  return result;
}

/**
 * Opens the process's budget in the configured store, whose failures are events of the budget.
 * @param isFirst whether this process has opened no store before; a worker thread shares its files with the main
 * thread
 * @param throws whether a store that cannot be used is an error of the caller, and does not end the process
 */
function openBudget(
  config: Config,
  { isFirst, throws }: { readonly isFirst: boolean; readonly throws: boolean },
): ProcessBudget {
  const { budget, waitMs, leaseMs } = config;
  const failurePolicy = failurePolicyOf(chainOf(budget), config.failurePolicy);
  const onChange = (available: boolean, cause?: unknown): void => {
    const reason = errorMessage(cause);
    printLine(available ? ENFORCED_AGAIN : describeUnavailable(reason, failurePolicy));
    if (available) tracker.emit({ type: 'store_available', budget: budget.name });
    else tracker.emit({ type: 'store_unavailable', budget: budget.name, failurePolicy, reason });
  };
  const onSetupError = (error: StoreSetupError): void => {
    const reason = errorMessage(error);
    tracker.emit({ type: 'store_unavailable', budget: budget.name, failurePolicy, reason });
    const line = describeSetupError(error, storeSettingName(), config.store);
    // By code, its calls fail with the error.
    if (throws) printLine(line);
    else exitForConfig(line);
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
  const listeners = { onChange, onSetupError, onLost, onFinding, onProblem: printLine };
  exitForWorkers();
  const open = (): Store => {
    if (isFirst) checkStore(config.store);
    return openStore({ ...config, ...listeners });
  };
  const store = exitIfInvalid(open, { throws, store: config.store });
  const tracker = new TokenBudgetTracker(budget, { store, waitMs, leaseMs });
  const prices = new PriceBook({ prices: config.prices, unknownModel: config.unknownModel });
  return { tracker, store, prices };
}

/** Makes the budget that of the process. Clients are hooked by then, so it is known to be enforced. */
function makeCurrent(config: Config, tracker: TokenBudgetTracker): void {
  registerBudget(tracker);
  setProcessBudget(tracker);
  setBaggagePolicy({ send: config.sendBaggage, accept: config.acceptBaggage });
  printExceeded();
  noteCharges();
}

function instrument(
  config: Config,
  { tracker, prices }: ProcessBudget,
  telemetry: ProcessTelemetry,
): OpenAIInstrumentation {
  return new OpenAIInstrumentation({
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
    onPatch: () => setImmediate(() => telemetry.startUnlessHostMay()),
    onFirstCall: () => telemetry.start(),
    onProblem: (problem) => {
      const isRequired = config.requireEnforcement ?? (config.limitGiven && tracker.strict);
      if (isRequired) exitForConfig(`${problem}; ${HOW_TO_GO_ON}`);
      else printLine(problem);
    },
    onUnmeteredRequest: () => {
      // Before it is sent.
      if (config.requireEnforcement === true)
        exitForConfig('requireEnforcement is set, so the process ends here');
    },
  });
}

function loadDiagnosis(): typeof Diagnosis {
  return loadEntryModule('process/diagnosis/index') as typeof Diagnosis;
}

/**
 * Ends the process on an invalid setting, before any code of the application runs.
 * @param throws leaves the error to the caller instead
 * @param store the setting of the store, for messages
 */
function exitIfInvalid<T>(
  read: () => T,
  { throws, store = '' }: { readonly throws: boolean; readonly store?: string },
): T {
  try {
    return read();
  } catch (error) {
    if (throws || !(error instanceof ConfigError || error instanceof StoreError)) throw error;
    const isSetup = error instanceof StoreSetupError;
    exitThread(isSetup ? describeSetupError(error, storeSettingName(), store) : error.message);
  }
}

/** Prints the first call of each model and reason, of any budget, that cost more than was reserved for it. */
function printExceeded(): void {
  const printed = new SeenOnce();
  onAnyBudgetEvent((event) => {
    if (event.type !== 'exceeded_reservation' || !printed.isNew(`${event.reason} ${event.model}`)) return;
    printLine(`${describeExceeded(event)}; it was charged in full`);
  });
}

/** Notes for `run` a call that is charged without a client that was seen, such as one given to `recordUsage`. */
function noteCharges(): void {
  if (process.env[INTERNAL_VARIABLES.clientSeen] === undefined) return;
  onAnyBudgetEvent(({ type }) => {
    if (type === 'call') noteClientSeen();
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
