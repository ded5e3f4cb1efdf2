import type { FailurePolicy, Store, StoreError, StoreFinding, StoreSetupError } from '../budget/index.ts';
import { defaultStateDirectory } from './kinds/index.ts';
import { ResilientStore } from './resilient-store.ts';
import { parseStoreUrl, storeKindOf } from './store-url.ts';

/** The default of {@link StoreSettings.storeWaitMs}, milliseconds. */
export const DEFAULT_STORE_WAIT_MS = 10_000;

/** Which store to use, and what happens while it is unavailable. */
export interface StoreSettings {
  /** `memory`, `sqlite:PATH`, or the URL of a Redis. */
  readonly store: string;
  /**
   * Whether calls are sent (`open`) or denied (`closed`) while a shared store is unavailable; default: denied
   * if one of their budgets is strict.
   */
  readonly failurePolicy?: FailurePolicy | undefined;
  /**
   * How long a call waits for the answer of a shared store before it counts as unavailable, milliseconds;
   * default: 10,000.
   */
  readonly storeWaitMs?: number;
  /**
   * The directory for what is owed to an unavailable Redis; default: `otel-token-budget` in the state
   * directory of the user. What is owed to an SQLite ledger is kept beside its file.
   */
  readonly stateDirectory?: string | undefined;
  /**
   * Whether the process reserves local quotas of budgets that are in Redis, so that most calls need no round
   * trip; default: true.
   */
  readonly localQuota?: boolean;
  /** How long a local quota outlives its process, milliseconds; default: 30,000. */
  readonly leaseMs?: number;
  /** Called when a shared store is found to be unavailable, and when it is available again. */
  readonly onChange?: ((available: boolean, cause?: unknown) => void) | undefined;
  /**
   * Called once if a shared store cannot be used until its set-up is corrected, before it has answered for the first
   * time. Calls are denied with the same error, whatever the failure policy.
   */
  readonly onSetupError?: ((error: StoreSetupError) => void) | undefined;
  /** Called when a shared store is found to have lost data, with what happened and what to do. */
  readonly onLost?: ((what: string) => void) | undefined;
  /** Called once a shared store is in use, with each problem of its set-up. */
  readonly onFinding?: ((finding: StoreFinding) => void) | undefined;
  /** Called with a sentence for people about what may be lost; default: it is a warning of the process. */
  readonly onProblem?: ((problem: string) => void) | undefined;
}

/**
 * Opens a store. The code of a shared store is loaded only if it is used, and its failures are handled by the
 * failure policy.
 * @throws StoreError if `store` is not a store's URL, or if the store evidently cannot be used
 * @example
 * ```ts
 * const store = openStore({ store: 'sqlite:./budget.db' });
 * const tracker = new TokenBudgetTracker(defineBudget({ name: 'job', limits: { costUsd: 2 } }), { store });
 * ```
 */
export function openStore(settings: StoreSettings): Store {
  const { failurePolicy, storeWaitMs = DEFAULT_STORE_WAIT_MS, localQuota = true, leaseMs } = settings;
  const { onLost, onFinding } = settings;
  const url = parseStoreUrl(settings.store);
  const kind = storeKindOf(url);
  let resilient: ResilientStore | undefined;
  const store = kind.openStore(url, {
    onFailure: (error: StoreError) => resilient?.reportFailure(error),
    waitMs: storeWaitMs,
    localQuota,
    leaseMs,
    ...(onLost === undefined ? {} : { onLost }),
    ...(onFinding === undefined ? {} : { onFinding }),
  });
  if (!kind.isShared) return store;
  const { stateDirectory = defaultStateDirectory(process.env), onProblem = warn } = settings;
  const journalDirectory = kind.journalDirectory(url, stateDirectory);
  const { onChange, onSetupError } = settings;
  resilient = new ResilientStore(store, {
    failurePolicy,
    waitMs: storeWaitMs,
    journalDirectory,
    onChange,
    onSetupError,
    onProblem,
  });
  return resilient;
}

function warn(problem: string): void {
  process.emitWarning(problem, 'TokenBudgetWarning');
}
