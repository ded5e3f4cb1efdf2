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
export { type Account, admit, affords, fixedCost, worstCase } from './admission.ts';
export { BoundedMap } from './bounded-map.ts';
export { attachCharge, chargeOf, type PendingCharge, settledCharge } from './charges.ts';
export { CheckpointError, type CheckpointFault } from './checkpoint-error.ts';
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
  BudgetExhaustedError,
  EndpointNotCountedError,
  type SpentAmounts,
  StoreError,
  StoreUnavailableError,
} from './errors.ts';
export {
  type BudgetEvent,
  type BudgetListener,
  type CallEvent,
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
export type {
  Abandoned,
  Admission,
  Admitted,
  Balances,
  Denied,
  MaybePromise,
  ReserveRequest,
  SeenBalances,
  Store,
  StoreCapabilities,
  WorstCase,
} from './ledger.ts';
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
export { onAnyBudgetEvent } from './listeners.ts';
export { afterwards, isPromise, quietly } from './maybe-promise.ts';
export { RecentMap } from './recent-map.ts';
export type { RecordedUsage } from './recorded-usage.ts';
export type { Reserve } from './reservations.ts';
export { type FailurePolicy, ResilientStore, type ResilientStoreOptions } from './resilient-store.ts';
export { type Seal, type Sealed, seal, unseal } from './sealed.ts';
export type { TrackerJson, TrackerSnapshot } from './snapshot.ts';
export type { BudgetStatus, Left } from './status.ts';
export {
  getBudgetStatusMessage,
  isBudgetStatusMessage,
  type StatusFormat,
  type StatusMessageOptions,
} from './status-message.ts';
export {
  DEFAULT_MINUTES,
  MINUTES_PER_RATE,
  minutesToNanoUsd,
  minutesToUsd,
  nanoUsdToOutputTokens,
  USD_PER_RATE,
} from './time-budget.ts';
export {
  LEASE_MS,
  type PartOf,
  TokenBudgetTracker,
  type TrackerOptions,
} from './tracker.ts';
export type { WatchState } from './watch.ts';
export { type TimeSpan, windowOf } from './window.ts';
