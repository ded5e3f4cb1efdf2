import type { MaybePromise } from '../../util/index.ts';

/** What a finished call still has to be charged. */
export interface PendingCharge {
  /** Charges the call, once; a second time does nothing. */
  settle(): MaybePromise<void>;
}

/** A property rather than a weak map: that many short-lived keys make every collection of garbage slow. */
const CHARGE = Symbol('otel-token-budget.charge');

/** Ties a charge to the span of its call, so that whoever sees the span end can settle it. */
export function attachCharge(span: object, charge: PendingCharge): void {
  Reflect.defineProperty(span, CHARGE, { value: charge, writable: true });
}

/** The charge of a span of ours; undefined for any other, and once it is settled. */
export function chargeOf(span: object): PendingCharge | undefined {
  return Reflect.get(span, CHARGE) as PendingCharge | undefined;
}

/** Lets go of a charge that is settled: a span waits for its export, and its call need not wait with it. */
export function settledCharge(span: object): void {
  if (chargeOf(span) !== undefined) Reflect.set(span, CHARGE, undefined);
}
