export {
  definitionText,
  grantAfterReset,
  type LedgerAccount,
  type LedgerAdministration,
  MINUTE_MS,
  type SeenDefinition,
  SPENDING_KEPT_MS,
  type Spending,
  seenDefinition,
} from './administration.ts';
export { type Account, admit, affords, worstCase } from './admission.ts';
export { attachCharge, chargeOf, type PendingCharge } from './charges.ts';
export {
  type BudgetDefinition,
  chainOf,
  DEFAULT_MAX_SHARE,
  DEFAULT_MIN_OUTPUT_TOKENS,
  defineBudget,
  MODES,
  type Mode,
  type Window,
} from './definition.ts';
export {
  BudgetExceededError,
  EndpointNotCountedError,
  type SpentAmounts,
  StoreError,
  StoreUnavailableError,
} from './errors.ts';
export {
  type BudgetEvent,
  type BudgetListener,
  type ClampedEvent,
  type DeniedEvent,
  type ExhaustedEvent,
  type NotCountedEvent,
  type PriceUnknownEvent,
  type StoreAvailableEvent,
  type StoreUnavailableEvent,
  THRESHOLDS,
  type ThresholdEvent,
  type UsageMissingEvent,
} from './events.ts';
export type { Admission, Admitted, Balances, Denied, MaybePromise, ReserveRequest, Store } from './ledger.ts';
export {
  type Amounts,
  addAmounts,
  addGrants,
  checkGrant,
  type Grant,
  isNoGrant,
  LIMIT_OF,
  type LimitName,
  type Limits,
  limitAmounts,
  limitMilliseconds,
  MS_PER_MINUTE,
  NO_GRANT,
  NOTHING,
  raisedLimits,
  subtractAmounts,
} from './limits.ts';
export { afterwards, isPromise, quietly } from './maybe-promise.ts';
export { type FailurePolicy, ResilientStore, type ResilientStoreOptions } from './resilient-store.ts';
export {
  DEFAULT_MINUTES,
  MINUTES_PER_RATE,
  minutesToNanoUsd,
  minutesToUsd,
  nanoUsdToOutputTokens,
  USD_PER_RATE,
} from './time-budget.ts';
export {
  type BudgetStatus,
  LEASE_MS,
  type Left,
  type Reserve,
  TokenBudgetTracker,
  type TrackerOptions,
} from './tracker.ts';
export { type TimeSpan, windowOf } from './window.ts';
