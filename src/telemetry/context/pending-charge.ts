import type { MaybePromise } from '../../util/index.ts';

/** The charge of a call whose span ended. */
export interface PendingCharge {
  /** Charges the call, once; later calls do nothing. */
  settle(): MaybePromise<void>;
}

/**
 * The property of a call's span that holds its pending charge, so that whoever sees the span end can settle it;
 * undefined once it is settled, so that a span that waits for its export does not keep its call in memory. Not a
 * weak map: that many short-lived keys slow down every garbage collection.
 */
export const PENDING_CHARGE = Symbol('otel-token-budget.charge');

/** A span that may be that of a call. */
export interface ChargeableSpan {
  [PENDING_CHARGE]?: PendingCharge | undefined;
}
