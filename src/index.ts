export {
  type Admission,
  type Admitted,
  type Amounts,
  type Balances,
  type BudgetDefinition,
  type BudgetEvent,
  BudgetExceededError,
  type BudgetListener,
  type BudgetStatus,
  type ClampedEvent,
  type Denied,
  type DeniedEvent,
  defineBudget,
  type ExhaustedEvent,
  type FailurePolicy,
  type Left,
  type LimitName,
  type Limits,
  type MaybePromise,
  type Mode,
  minutesToNanoUsd,
  minutesToUsd,
  nanoUsdToOutputTokens,
  type PriceUnknownEvent,
  type Reserve,
  type ReserveRequest,
  type SpentAmounts,
  type Store,
  type StoreAvailableEvent,
  StoreError,
  StoreUnavailableError,
  type StoreUnavailableEvent,
  THRESHOLDS,
  type ThresholdEvent,
  TokenBudgetTracker,
  type TrackerOptions,
  type UsageMissingEvent,
  type Window,
} from './budget/index.ts';
export { type Config, ConfigError, type Env, loadConfig } from './config/index.ts';
export { OpenAIInstrumentation, type OpenAIInstrumentationConfig } from './openai/index.ts';
export {
  type BaggagePolicy,
  currentBudget,
  registerBudget,
  setBaggagePolicy,
  withBudget,
} from './otel/current-budget.ts';
export { RecordModelCallsSampler } from './otel/sampler.ts';
export { BudgetSpanProcessor } from './otel/span-processor.ts';
export { type Preloaded, preloaded } from './preloaded.ts';
export {
  costOf,
  formatUsd,
  nanoToUsd,
  PriceBook,
  type PriceOverride,
  type PriceQuery,
  type PriceSource,
  PriceUnknownError,
  type RateCard,
  type Rates,
  type RateTier,
  type UnknownModelPolicy,
  usdToNano,
} from './pricing/index.ts';
export { MemoryStore, openStore, type StoreSettings } from './store/index.ts';
export { type TokenUsage, totalTokens } from './usage/index.ts';
