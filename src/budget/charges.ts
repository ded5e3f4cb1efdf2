import type { MaybePromise } from './ledger.ts';

/** What a finished call still has to be charged. */
export interface PendingCharge {
  /** Charges the call, once; a second time does nothing. */
  settle(): MaybePromise<void>;
}

const pending = new WeakMap<object, PendingCharge>();

/** Ties a charge to the span of its call, so that whoever sees the span end can settle it. */
export function attachCharge(span: object, charge: PendingCharge): void {
  pending.set(span, charge);
}

/** The charge of a span of ours; undefined for any other. */
export function chargeOf(span: object): PendingCharge | undefined {
  return pending.get(span);
}
