import type { PriceBook } from '../../pricing/index.ts';
import type { BudgetDefinition } from '../definition.ts';
import type { Store } from '../store.ts';

/**
 * How long a reservation outlives its process, milliseconds. A living process renews it three times in that
 * time.
 */
export const LEASE_MS = 60_000;

/** Where a tracker's ledger is, and how long its calls wait and its reservations last. */
export interface TrackerOptions {
  readonly store: Store;
  /** The clock, milliseconds since the epoch; default: `Date.now`. */
  readonly now?: () => number;
  /**
   * How long a call may wait for open reservations to settle before it is denied, milliseconds; default: 0.
   */
  readonly waitMs?: number;
  /** How long a reservation outlives its process, milliseconds; default: 60,000. */
  readonly leaseMs?: number;
  /** The prefix of reservation ids in the store, which identifies those of a dead process; default: empty. */
  readonly owner?: string;
  /**
   * Whether calls within `withBudget` are charged to this budget alone; default: false, they are charged to the
   * budget of the process as well, unless this one has a parent of its own.
   */
  readonly detached?: boolean;
  /**
   * Whether `withBudget`, `registerBudget` and `runJob` throw if no client of the process is metered; default: false,
   * one line on stderr says so.
   */
  readonly requireEnforcement?: boolean;
  /** Prices for `recordUsage`; default: list prices. */
  readonly prices?: PriceBook;
}

/** Options of a tracker that is restored from a checkpoint. */
export interface RestoreOptions extends TrackerOptions {
  /** Replaces the budget of the checkpoint; it must have the same name. */
  readonly budget?: BudgetDefinition;
}
