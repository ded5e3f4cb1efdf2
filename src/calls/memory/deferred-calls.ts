import type { Amounts, TokenBudgetTracker } from '../../budget/index.ts';
import type { RateCard } from '../../pricing/index.ts';
import type { CallPlan } from '../../providers/index.ts';
import { BoundedMap } from '../../util/index.ts';

/**
 * How long the reservation of work that goes on in the service is held without a word of it, milliseconds: batches, the
 * longest, end within a day. After that it is charged in full, and a word that comes later charges nothing.
 */
export const DEFERRED_LEASE_MS = 48 * 3_600_000;

/** The name of a reservation of work: the same in every process that hears of it. */
export function deferredReservationName(workId: string): string {
  return `openai:${workId}`;
}

/** What the process that began some work knows of it. */
export interface DeferredCall {
  readonly tracker: TokenBudgetTracker;
  readonly plan: CallPlan;
  readonly card: RateCard;
  /** What is held for it. */
  readonly held: Amounts;
}

/** The most pieces of work remembered; the oldest are forgotten first, and settled as by another process. */
const SIZE = 10_000;

/** Work that was begun in this process and goes on in the service, by its id. */
export class DeferredCalls {
  readonly #known = new BoundedMap<string, DeferredCall>(SIZE);

  remember(id: string, work: DeferredCall): void {
    this.#known.set(id, work);
  }

  /** What is known of work, which is forgotten by it: it is at its end. */
  take(id: string): DeferredCall | undefined {
    return this.#known.take(id);
  }
}
