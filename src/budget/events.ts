import type { Balances, Denied } from './ledger.ts';
import type { LimitName } from './limits.ts';

/** The shares of a limit at which a `threshold` event is emitted. */
export const THRESHOLDS = [0.5, 0.8, 0.95, 1] as const;

/** A share of a limit is used. Once per budget and threshold. */
export interface ThresholdEvent {
  readonly type: 'threshold';
  readonly budget: string;
  readonly limit: LimitName;
  readonly limitValue: number;
  /** 0.5, 0.8, 0.95 or 1. */
  readonly threshold: number;
  readonly balances: Balances;
}

/** A limit is reached: the next call is denied. Once per budget. */
export interface ExhaustedEvent {
  readonly type: 'exhausted';
  readonly budget: string;
  readonly limit: LimitName;
  readonly limitValue: number;
  readonly balances: Balances;
}

/** A call was refused. */
export interface DeniedEvent {
  readonly type: 'denied';
  readonly budget: string;
  readonly denied: Denied;
}

/** A call was sent with a lower output cap than it asked for, tokens. */
export interface ClampedEvent {
  readonly type: 'clamped';
  readonly budget: string;
  /** The caller's cap; absent where it set none. */
  readonly asked?: number;
  readonly sent: number;
}

/** An answer told no usage, or none that can be believed; it was counted here instead. */
export interface UsageMissingEvent {
  readonly type: 'usage_missing';
  readonly budget: string;
  readonly model: string;
  /** `absent`, `implausible` or `cut` (the answer ended before its usage came). */
  readonly reason: 'absent' | 'implausible' | 'cut';
  /** The fields that could not be believed. */
  readonly problems: readonly string[];
  /** What was charged instead: a local count, the whole reservation, or nothing (a call that only another's span tells of). */
  readonly charged: 'local' | 'reservation' | 'nothing';
}

/** A model without a known price was priced by policy. Once per model. */
export interface PriceUnknownEvent {
  readonly type: 'price_unknown';
  readonly budget: string;
  readonly model: string;
  /** The model whose price was taken instead; absent where the policy gives a price or none. */
  readonly pricedAs?: string;
}

/** A request to an endpoint whose cost is not counted, or was not bounded before it was sent. Once per endpoint and reason. */
export interface NotCountedEvent {
  readonly type: 'not_counted';
  readonly budget: string;
  /** The method and the path, ids left out: `POST /vector_stores/{id}/files`. */
  readonly endpoint: string;
  /**
   * `endpoint`: what it costs is not counted at all. `unbounded`: nothing was reserved for it, because its worst case is
   * not known; it is charged once it is known.
   */
  readonly reason: 'endpoint' | 'unbounded';
  readonly refused: boolean;
}

/** The store was found to be away: calls go on uncharged for now (`open`), or are refused (`closed`). */
export interface StoreUnavailableEvent {
  readonly type: 'store_unavailable';
  readonly budget: string;
  readonly failurePolicy: 'open' | 'closed';
  /** Why, as the store says. */
  readonly reason: string;
}

/** The store is back, and what was spent meanwhile is being written. */
export interface StoreAvailableEvent {
  readonly type: 'store_available';
  readonly budget: string;
}

/** Whatever happens to a budget or to a call of it; told apart by `type`. */
export type BudgetEvent =
  | ThresholdEvent
  | ExhaustedEvent
  | DeniedEvent
  | ClampedEvent
  | UsageMissingEvent
  | PriceUnknownEvent
  | NotCountedEvent
  | StoreUnavailableEvent
  | StoreAvailableEvent;

/** Told of each event at once; what it throws is ignored. */
export type BudgetListener = (event: BudgetEvent) => void;
