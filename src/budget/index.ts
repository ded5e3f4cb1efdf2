export {
  type Account,
  canAfford,
  decideAdmission,
  fixedWorstCase,
  reachedLimit,
  worstCaseAmounts,
} from './admission.ts';
export {
  CheckpointError,
  type CheckpointFault,
  type EnvelopeFormat,
  readSnapshot,
  type TrackerJson,
  type TrackerSnapshot,
  unwrapEnvelope,
  type VersionedEnvelope,
  wrapEnvelope,
  wrapSnapshot,
} from './checkpoint/index.ts';
export type { RemainingAmounts, ThresholdState } from './consumption.ts';
export {
  type BudgetDefinition,
  chainOf,
  DEFAULT_MAX_SHARE,
  DEFAULT_MIN_OUTPUT_TOKENS,
  defineBudget,
  MODES,
  type Mode,
  WINDOW_UNITS,
  type Window,
} from './definition.ts';
export {
  BudgetExceededError,
  BudgetExhaustedError,
  LedgerLostError,
  type SpentAmounts,
  StoreError,
  StoreUnavailableError,
  UnmeteredEndpointError,
} from './errors.ts';
export {
  type BudgetEvent,
  type BudgetListener,
  type CallEvent,
  type ClampedEvent,
  type DeniedEvent,
  type ExceededReason,
  type ExceededReservationEvent,
  type ExhaustedEvent,
  type LedgerLostEvent,
  type PriceUnknownEvent,
  type StoreAvailableEvent,
  type StoreUnavailableEvent,
  THRESHOLDS,
  type ThresholdEvent,
  type UnmeteredEvent,
  type UsageMissingEvent,
} from './events.ts';
export {
  grantAfterReset,
  type LedgerAccount,
  type LedgerAdmin,
  MINUTE_MS,
  parseDefinition,
  SPENDING_KEPT_MS,
  type Spending,
  type StoredDefinition,
  serializeDefinition,
} from './ledger-admin.ts';
export {
  type Amounts,
  addAmounts,
  addGrants,
  checkGrant,
  type Grant,
  isNoGrant,
  LIMIT_NAMES,
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
export type { BudgetStatusSetting } from './status/index.ts';
export {
  type BudgetStatus,
  getBudgetStatusMessage,
  isBudgetStatusMessage,
  type StatusFormat,
  type StatusMessageOptions,
} from './status/index.ts';
export type {
  Abandoned,
  Admission,
  Admitted,
  Balances,
  ChargeName,
  Denied,
  FailurePolicy,
  ReserveRequest,
  SettledBalances,
  Store,
  StoreCapabilities,
  WorstCase,
} from './store.ts';
export { failurePolicyOf } from './store.ts';
export {
  LEASE_MS,
  onAnyBudgetEvent,
  type PartOf,
  type RecordedUsage,
  type Reserve,
  type Reserved,
  type ReserveResult,
  type RestoreOptions,
  TokenBudgetTracker,
  type TrackerOptions,
} from './tracker/index.ts';
export { type TimeSpan, windowOf } from './window.ts';
export {
  DEFAULT_MINUTES,
  MINUTES_PER_RATE,
  minutesToNanoUsd,
  minutesToUsd,
  nanoUsdToOutputTokens,
  USD_PER_RATE,
} from './work-time.ts';
