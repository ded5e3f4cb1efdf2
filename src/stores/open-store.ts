import type { FailurePolicy, Store, StoreFinding } from '../budget/index.ts';
import { ResilientStore } from './resilient-store.ts';
import { parseStoreUrl, storeKindOf } from './store-url.ts';

/** Which store to use, and what happens while it is unavailable. */
export interface StoreSettings {
  /** `memory`, `sqlite:PATH`, or the URL of a Redis. */
  readonly store: string;
  /** Whether calls are sent (`open`) or denied (`closed`) while a shared store is unavailable. */
  readonly failurePolicy: FailurePolicy;
  /** How long a shared store may take to answer, milliseconds. */
  readonly storeTimeoutMs: number;
  /**
   * Whether the process reserves local quotas of budgets that are in Redis, so that most calls need no round
   * trip; default: true.
   */
  readonly localQuota?: boolean;
  /** How long a local quota outlives its process, milliseconds; default: 30,000. */
  readonly leaseMs?: number;
  /** Called when a shared store is found to be unavailable, and when it is available again. */
  readonly onChange?: (available: boolean, cause?: unknown) => void;
  /** Called when a shared store is found to have lost data, with what happened and what to do. */
  readonly onLost?: (what: string) => void;
  /** Called once a shared store is in use, with each problem of its set-up. */
  readonly onFinding?: (finding: StoreFinding) => void;
}

/**
 * Opens a store. The code of a shared store is loaded only if it is used, and its failures are handled by the
 * failure policy.
 * @throws StoreError if `store` is not a store's URL, or if the store evidently cannot be used
 * @example
 * ```ts
 * const store = openStore({ store: 'sqlite:./budget.db', failurePolicy: 'closed', storeTimeoutMs: 500 });
 * const tracker = new TokenBudgetTracker(defineBudget({ name: 'job', limits: { costUsd: 2 } }), { store });
 * ```
 */
export function openStore(settings: StoreSettings): Store {
  const { failurePolicy, storeTimeoutMs, localQuota = true, leaseMs, onChange, onLost, onFinding } = settings;
  const url = parseStoreUrl(settings.store);
  const kind = storeKindOf(url);
  const store = kind.openStore(url, {
    timeoutMs: storeTimeoutMs,
    localQuota,
    leaseMs,
    ...(onLost === undefined ? {} : { onLost }),
    ...(onFinding === undefined ? {} : { onFinding }),
  });
  if (!kind.isShared) return store;
  return new ResilientStore(store, {
    failurePolicy,
    timeoutMs: 2 * storeTimeoutMs,
    ...(onChange === undefined ? {} : { onChange }),
  });
}
