import type { Amounts, TokenBudgetTracker } from '../../budget/index.ts';
import type { RateCard } from '../../pricing/index.ts';
import type { CallPlan } from '../../providers/index.ts';
import { BoundedMap } from '../../util/index.ts';

/**
 * How long the reservation of a deferred call is held without news of it, milliseconds. Batches, which take
 * longest, end within a day. After that it is charged in full, and a later report charges nothing.
 */
export const DEFERRED_LEASE_MS = 48 * 3_600_000;

/** The name of the reservation of a deferred call: the same in every process that sees its completion. */
export function deferredReservationName(deferredId: string): string {
  return `openai:${deferredId}`;
}

/** A deferred call, as the process that made the call knows it. */
export interface DeferredCall {
  readonly tracker: TokenBudgetTracker;
  readonly plan: CallPlan;
  readonly card: RateCard;
  /** The amounts that are reserved for it. */
  readonly held: Amounts;
}

/**
 * How many calls are remembered at least. The oldest are forgotten first, and settled as if another process
 * had made them.
 */
const CAPACITY = 10_000;

/** The deferred calls that this process made and that have not completed, by the id of their work. */
export class DeferredCalls {
  readonly #calls = new BoundedMap<string, DeferredCall>(CAPACITY);

  /** Remembers a call until its work completes. */
  remember(id: string, call: DeferredCall): void {
    this.#calls.set(id, call);
  }

  /** Removes and returns the call whose work completed; undefined if this process does not know it. */
  take(id: string): DeferredCall | undefined {
    return this.#calls.take(id);
  }
}
