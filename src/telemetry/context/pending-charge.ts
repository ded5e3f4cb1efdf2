import type { MaybePromise } from '../../util/index.ts';

/** The charge of a call, to be settled when its span ends. */
export interface PendingCharge {
  /** Charges the call. Repeated calls do nothing. */
  settle(): MaybePromise<void>;
}

/**
 * Property of a call's span that holds its pending charge, so that any of our span processors can settle it
 * when the span ends, whichever copy of this package it is from. Undefined once settled, so that a span waiting for export does not keep its call in
 * memory. Not a weak map: so many short-lived keys would slow down every garbage collection.
 */
export const PENDING_CHARGE = Symbol.for('otel-token-budget.charge');

/** A span that may carry a pending charge. */
export interface ChargeableSpan {
  /** The pending charge; undefined for spans other than open calls. */
  [PENDING_CHARGE]?: PendingCharge | undefined;
}
