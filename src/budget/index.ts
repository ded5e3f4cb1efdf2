export { type Account, admit, worstCase } from './admission.ts';
export { attachCharge, chargeOf, type PendingCharge } from './charges.ts';
export {
  type BudgetDefinition,
  DEFAULT_MAX_SHARE,
  DEFAULT_MIN_OUTPUT_TOKENS,
  defineBudget,
  MODES,
  type Mode,
} from './definition.ts';
export { BudgetExceededError, type SpentAmounts } from './errors.ts';
export {
  type BudgetEvent,
  type BudgetListener,
  type ClampedEvent,
  type DeniedEvent,
  type ExhaustedEvent,
  type PriceUnknownEvent,
  THRESHOLDS,
  type ThresholdEvent,
  type UsageMissingEvent,
} from './events.ts';
export type { Admission, Admitted, Balances, Denied, MaybePromise, ReserveRequest, Store } from './ledger.ts';
export {
  type Amounts,
  addAmounts,
  type LimitName,
  type Limits,
  NOTHING,
  subtractAmounts,
} from './limits.ts';
export { afterwards, isPromise } from './maybe-promise.ts';
export {
  DEFAULT_MINUTES,
  MINUTES_PER_RATE,
  minutesToNanoUsd,
  minutesToUsd,
  nanoUsdToOutputTokens,
  USD_PER_RATE,
} from './time-budget.ts';
export { type BudgetStatus, type Left, type Reserve, TokenBudgetTracker } from './tracker.ts';
