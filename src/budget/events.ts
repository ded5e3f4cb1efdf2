import type { TokenUsage } from '../usage/index.ts';
import type { Amounts, LimitName } from './limits.ts';
import type { Balances, Denied } from './store.ts';

/** The shares of a limit at which a `threshold` event is emitted. */
export const THRESHOLDS = [0.5, 0.8, 0.95, 1] as const;

/** What every event tells. */
interface OfBudget {
  readonly budget: string;
  /** The part of the work that it happened in, where its tracker is of one: `TokenBudgetTracker.within`. */
  readonly scope?: string;
}

/** A share of a limit is used. Once per budget and threshold. */
export interface ThresholdEvent extends OfBudget {
  readonly type: 'threshold';
  readonly limit: LimitName;
  readonly limitValue: number;
  /** 0.5, 0.8, 0.95 or 1. */
  readonly threshold: number;
  readonly balances: Balances;
}

/** A limit is reached: the next call is denied. Once per budget. */
export interface ExhaustedEvent extends OfBudget {
  readonly type: 'exhausted';
  readonly limit: LimitName;
  readonly limitValue: number;
  readonly balances: Balances;
}

/** A call was refused. */
export interface DeniedEvent extends OfBudget {
  readonly type: 'denied';
  readonly denied: Denied;
}

/** A call was sent with a lower output cap than it asked for, tokens. */
export interface ClampedEvent extends OfBudget {
  readonly type: 'clamped';
  /** The caller's cap; absent where it set none. */
  readonly asked?: number;
  readonly sent: number;
}

/** An answer told no usage, or none that can be believed; it was counted here instead. */
export interface UsageMissingEvent extends OfBudget {
  readonly type: 'usage_missing';
  readonly model: string;
  /** `absent`, `implausible` or `cut` (the answer ended before its usage came). */
  readonly reason: 'absent' | 'implausible' | 'cut';
  /** The fields that could not be believed. */
  readonly problems: readonly string[];
  /** What was charged instead: a local count, the whole reservation, or nothing (a call that only another's span tells of). */
  readonly charged: 'local' | 'reservation' | 'nothing';
}

/** A model without a known price was priced by policy. Once per model. */
export interface PriceUnknownEvent extends OfBudget {
  readonly type: 'price_unknown';
  readonly model: string;
  /** The model whose price was taken instead; absent where the policy gives a price or none. */
  readonly pricedAs?: string;
}

/** A request to an endpoint whose cost is not counted, or was not bounded before it was sent. Once per endpoint and reason. */
export interface UnmeteredEvent extends OfBudget {
  readonly type: 'unmetered';
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
export interface StoreUnavailableEvent extends OfBudget {
  readonly type: 'store_unavailable';
  readonly failurePolicy: 'open' | 'closed';
  /** Why, as the store says. */
  readonly reason: string;
}

/** The store is back, and what was spent meanwhile is being written. */
export interface StoreAvailableEvent extends OfBudget {
  readonly type: 'store_available';
}

/** A call ended, whatever became of it. Emitted before it is charged; a refused call is a `denied` event alone. */
export interface CallEvent extends OfBudget {
  readonly type: 'call';
  /** The id that the call was reserved under; absent where it was not. */
  readonly reservation?: string;
  /** `gen_ai.operation.name`: `chat`, `text_completion` or `embeddings`. */
  readonly operation: string;
  /** As the request names it. */
  readonly model: string;
  /** As the answer names it. */
  readonly responseModel?: string;
  readonly responseId?: string;
  readonly stream: boolean;
  /** Tokens by kind; all zero where nothing is charged. */
  readonly usage: TokenUsage;
  /** What is charged for it: nothing where it failed without a cost. */
  readonly charged: Amounts;
  /** What earlier attempts were charged that may have been billed before they failed; their usage by kind is not known. */
  readonly attempts: Amounts;
  /** Where the usage comes from: the answer, a count made here, or the whole reservation; `none`: nothing is charged. */
  readonly source: 'response' | 'local' | 'reservation' | 'none';
  /** Milliseconds from its beginning to its end. */
  readonly durationMs: number;
  /** `error.type`, where it failed. */
  readonly error?: string;
}

/** Whatever happens to a budget or to a call of it; told apart by `type`. */
export type BudgetEvent =
  | CallEvent
  | ThresholdEvent
  | ExhaustedEvent
  | DeniedEvent
  | ClampedEvent
  | UsageMissingEvent
  | PriceUnknownEvent
  | UnmeteredEvent
  | StoreUnavailableEvent
  | StoreAvailableEvent;

/** Told of each event at once; what it throws is ignored. */
export type BudgetListener = (event: BudgetEvent) => void;
