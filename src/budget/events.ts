import type { TokenUsage } from '../usage/index.ts';
import type { Amounts, LimitName } from './limits.ts';
import type { Balances, Denied } from './store.ts';

/** The shares of a limit at which a `threshold` event is emitted. */
export const THRESHOLDS = [0.5, 0.8, 0.95, 1] as const;

/** The fields of every event. */
interface BudgetEventFields {
  /** The name of the budget. */
  readonly budget: string;
  /** The part of the work that the event is about, if its tracker is of one: `TokenBudgetTracker.within`. */
  readonly scope?: string;
}

/** A share of a limit is used. Emitted once per budget and threshold. */
export interface ThresholdEvent extends BudgetEventFields {
  readonly type: 'threshold';
  readonly limit: LimitName;
  /** The limit plus grants: USD, tokens, calls or minutes. */
  readonly limitValue: number;
  /** The share: 0.5, 0.8, 0.95 or 1. */
  readonly threshold: number;
  readonly balances: Balances;
}

/** A limit is reached: the next call will be denied. Emitted once per budget. */
export interface ExhaustedEvent extends BudgetEventFields {
  readonly type: 'exhausted';
  readonly limit: LimitName;
  /** The limit plus grants: USD, tokens, calls or minutes. */
  readonly limitValue: number;
  readonly balances: Balances;
}

/** A call was denied. */
export interface DeniedEvent extends BudgetEventFields {
  readonly type: 'denied';
  readonly denied: Denied;
}

/** A call was sent with a lower output cap than it asked for, tokens. */
export interface ClampedEvent extends BudgetEventFields {
  readonly type: 'clamped';
  /** The caller's cap; absent if it set none. */
  readonly asked?: number;
  /** The cap that was sent. */
  readonly sent: number;
}

/** A response reported no usage, or none that is plausible; it was counted locally instead. */
export interface UsageMissingEvent extends BudgetEventFields {
  readonly type: 'usage_missing';
  readonly model: string;
  /** `absent`, `implausible` or `cut` (the response ended before its usage). */
  readonly reason: 'absent' | 'implausible' | 'cut';
  /** The fields that are not plausible. */
  readonly problems: readonly string[];
  /**
   * What was charged: a local count, the whole reservation, the price of what was requested (a cheaper model or
   * tier answered that the request does not allow), or nothing (a call known only from another span).
   */
  readonly charged: 'local' | 'reservation' | 'request' | 'nothing';
}

/**
 * Why a call cost more than was reserved for it: a dearer `model` or service `tier` answered; more `choices`,
 * `output` or `input` was billed than the request asks for; `tools` of the service ran more often.
 */
export type ExceededReason = 'model' | 'tier' | 'choices' | 'output' | 'input' | 'tools' | 'unknown';

/** A call of a strict budget cost more than was reserved for it. It is charged in full. */
export interface ExceededReservationEvent extends BudgetEventFields {
  readonly type: 'exceeded_reservation';
  /** The model of the request. */
  readonly model: string;
  /** The model of the response. */
  readonly responseModel?: string;
  readonly reason: ExceededReason;
  readonly reserved: Amounts;
  readonly charged: Amounts;
}

/** A model without a known price was priced by policy. Emitted once per model. */
export interface PriceUnknownEvent extends BudgetEventFields {
  readonly type: 'price_unknown';
  readonly model: string;
  /** The model whose price was used instead; absent if the policy sets a price or none. */
  readonly pricedAs?: string;
}

/**
 * A request to an endpoint whose cost is not counted, or has no bound before it is sent. Emitted once per
 * endpoint and reason.
 */
export interface UnmeteredEvent extends BudgetEventFields {
  readonly type: 'unmetered';
  /** The method and the path without ids: `POST /vector_stores/{id}/files`. */
  readonly endpoint: string;
  /**
   * `endpoint`: its cost is not counted at all. `unbounded`: nothing was reserved for it, because its worst
   * case is not known; it is charged once its cost is known.
   */
  readonly reason: 'endpoint' | 'unbounded';
  /** Whether it was denied. */
  readonly refused: boolean;
}

/** The store is unavailable: calls are sent and charged later (`open`), or denied (`closed`). */
export interface StoreUnavailableEvent extends BudgetEventFields {
  readonly type: 'store_unavailable';
  readonly failurePolicy: 'open' | 'closed';
  /** The reason that the store gave. */
  readonly reason: string;
}

/** The store is available again, and what was spent meanwhile is being written. */
export interface StoreAvailableEvent extends BudgetEventFields {
  readonly type: 'store_available';
}

/**
 * The ledger has lost what was spent, or a part of it. Calls of strict budgets are denied until what is known was
 * written back, or an operator has confirmed the ledger.
 */
export interface LedgerLostEvent extends BudgetEventFields {
  readonly type: 'ledger_lost';
  /** What happened, and what to do. */
  readonly reason: string;
}

/**
 * The store is set up in a way by which it may lose what was spent, or cannot charge it. Emitted once for each
 * problem.
 */
export interface StoreWarningEvent extends BudgetEventFields {
  readonly type: 'store_warning';
  /** What is wrong, and what to do. */
  readonly reason: string;
}

/** Calls are made that the budget neither counts nor refuses. Emitted once for each budget. */
export interface NotEnforcedEvent extends BudgetEventFields {
  readonly type: 'not_enforced';
  /** What was seen, and what to do. */
  readonly reason: string;
}

/**
 * A call ended, with any outcome. Emitted before it is charged; a denied call emits only a `denied` event.
 */
export interface CallEvent extends BudgetEventFields {
  readonly type: 'call';
  /**
   * Where the charge comes from: a call that was reserved, a deferred call that completed (its own event charged
   * nothing), a Realtime session, a span of another instrumentation, or `recordUsage`.
   */
  readonly origin: 'call' | 'deferred' | 'realtime' | 'span' | 'record';
  /** The id of its reservation; absent if it had none. */
  readonly reservation?: string;
  /** `gen_ai.operation.name`: `chat`, `text_completion` or `embeddings`. */
  readonly operation: string;
  /** The model of the request. */
  readonly model: string;
  /** The model of the response. */
  readonly responseModel?: string;
  readonly responseId?: string;
  readonly stream: boolean;
  /** Tokens by kind; all zero if nothing is charged. */
  readonly usage: TokenUsage;
  /** The amounts charged for it: nothing if it failed without a cost. */
  readonly charged: Amounts;
  /**
   * The amounts charged for earlier attempts that may have been billed before they failed; their usage by
   * kind is not known.
   */
  readonly attempts: Amounts;
  /**
   * Where the usage comes from: the response, a local count, or the whole reservation; `none`: nothing is
   * charged.
   */
  readonly source: 'response' | 'local' | 'reservation' | 'none';
  /** The duration of the call, milliseconds. */
  readonly durationMs: number;
  /** `error.type`, if it failed. */
  readonly error?: string;
}

/** An event of a budget or of one of its calls, discriminated by `type`. */
export type BudgetEvent =
  | CallEvent
  | ThresholdEvent
  | ExhaustedEvent
  | DeniedEvent
  | ClampedEvent
  | UsageMissingEvent
  | ExceededReservationEvent
  | PriceUnknownEvent
  | UnmeteredEvent
  | StoreUnavailableEvent
  | StoreAvailableEvent
  | LedgerLostEvent
  | StoreWarningEvent
  | NotEnforcedEvent;

/** Receives each event synchronously; an error that it throws is ignored. */
export type BudgetListener = (event: BudgetEvent) => void;
