export {
  type Admission,
  type Amounts,
  type Balances,
  type BudgetDefinition,
  type BudgetEvent,
  BudgetExceededError,
  type BudgetListener,
  type BudgetStatus,
  defineBudget,
  type Grant,
  type LedgerAccount,
  type LedgerAdministration,
  type Left,
  type LimitName,
  type Limits,
  type Mode,
  minutesToNanoUsd,
  minutesToUsd,
  NO_GRANT,
  nanoUsdToOutputTokens,
  type SeenDefinition,
  type Spending,
  type Store,
  StoreError,
  StoreUnavailableError,
  THRESHOLDS,
  TokenBudgetTracker,
  type TrackerOptions,
  type Window,
} from './budget/index.ts';
export { type Config, ConfigError, loadConfig } from './config/index.ts';
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
  PriceUnknownError,
  type RateCard,
  type Rates,
  type UnknownModelPolicy,
  usdToNano,
} from './pricing/index.ts';
export { type Ledger, MemoryStore, openLedger, openStore, type StoreSettings } from './store/index.ts';
export { type TokenUsage, totalTokens } from './usage/index.ts';
