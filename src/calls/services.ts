import type { BudgetStatusSetting, TokenBudgetTracker } from '../budget/index.ts';
import type { PriceBook } from '../pricing/index.ts';
import type { Tracer } from '../telemetry/api/index.ts';
import type { CallInstruments } from '../telemetry/signals/index.ts';
import { type Indexed, IndexedList, SeenOnce } from '../util/index.ts';
import { ResponseHistory } from './cost/index.ts';
import { type FailureBilling, type FailureCharges, failureCharges } from './failure-charges.ts';
import { BatchFiles, DeferredCalls } from './memory/index.ts';

/** A call that has started and not ended. */
export interface ActiveCall extends Indexed {
  /** Ends the call whose end will not be seen. */
  abandon(why: string): void;
}

/** Where the telemetry of calls goes. Read for each call, since a provider may be registered late. */
export interface CallTelemetry {
  readonly tracer: Tracer;
  readonly instruments: CallInstruments;
}

/** The services that the calls of one instrumentation share. */
export interface CallServices {
  /** The budget of calls made outside any `withBudget`. */
  readonly tracker: TokenBudgetTracker;
  readonly prices: PriceBook;
  /** Token totals of earlier responses, which bound the input of the calls that continue them. */
  readonly history: ResponseHistory;
  /** Calls whose work continues in the service after they returned. */
  readonly deferredCalls: DeferredCalls;
  /** Worst cases of the batch files uploaded by this process. */
  readonly batchFiles: BatchFiles;
  /** Containers already billed: each is charged once. */
  readonly billedContainers: SeenOnce;
  /** Endpoints already reported as unmetered. */
  readonly reportedEndpoints: SeenOnce;
  /** Models already reported as having no known price. */
  readonly unpricedModels: SeenOnce;
  /** Whether `strict` refuses a call whose cost is unknown or unbounded, or lets it pass with a warning. */
  readonly unmeteredEndpoints: 'warn' | 'refuse';
  /** What requests are charged that fail with an error status. */
  readonly failureCharges: FailureCharges;
  readonly includeUsage: 'auto' | 'always' | 'never';
  /** Whether spans carry prompts and completions. */
  readonly captureContent: boolean;
  /** Whether an event of each call carries them. */
  readonly contentEvents: boolean;
  readonly budgetStatus: BudgetStatusSetting;
  readonly telemetry: CallTelemetry;
  /** The calls that have started and not ended. */
  readonly activeCalls: IndexedList<ActiveCall>;
  /** Runs once, before the first call starts; undefined from then on. */
  onFirstCall: (() => void) | undefined;
}

/** Options of {@link createCallServices}. */
export interface CallServicesOptions {
  readonly tracker: TokenBudgetTracker;
  readonly prices: PriceBook;
  readonly unmeteredEndpoints?: 'warn' | 'refuse' | undefined;
  readonly failureBilling?: FailureBilling | undefined;
  readonly includeUsage?: 'auto' | 'always' | 'never' | undefined;
  readonly captureContent?: boolean | undefined;
  readonly contentEvents?: boolean | undefined;
  readonly budgetStatus?: BudgetStatusSetting | undefined;
  /** Runs once, before the first call starts. */
  readonly onFirstCall?: (() => void) | undefined;
}

/**
 * Creates the services that calls share.
 * @throws TypeError if `failureBilling` has a wrong field
 */
export function createCallServices(
  options: CallServicesOptions,
  telemetry: CallTelemetry,
  activeCalls = new IndexedList<ActiveCall>(),
): CallServices {
  const { tracker, prices } = options;
  const history = new ResponseHistory();
  return {
    tracker,
    prices,
    history,
    deferredCalls: new DeferredCalls(),
    batchFiles: new BatchFiles(prices, history),
    billedContainers: new SeenOnce(),
    reportedEndpoints: new SeenOnce(),
    unpricedModels: new SeenOnce(),
    unmeteredEndpoints: options.unmeteredEndpoints ?? 'warn',
    failureCharges: failureCharges(options.failureBilling),
    includeUsage: options.includeUsage ?? 'auto',
    captureContent: options.captureContent ?? false,
    contentEvents: options.contentEvents ?? false,
    budgetStatus: options.budgetStatus ?? 'off',
    activeCalls,
    telemetry,
    onFirstCall: options.onFirstCall,
  };
}
