export type { PriceQuery } from './genai-prices.ts';
export {
  BATCH_PRICE,
  hidesReasoning,
  LARGEST_CONTEXT_WINDOW,
  maxOutputTokens,
} from './model-data/index.ts';
export { formatUsd, MAX_USD, NANO_PER_USD, nanoToUsd, usdToNano } from './nano-usd.ts';
export { FREE_TIERS, type PriceOverride, type UnknownModelPolicy } from './overrides.ts';
export {
  PriceBook,
  type PriceSource,
  PriceUnknownError,
  type PriceUsageOptions,
  priceUsage,
  type RateCard,
} from './price-book.ts';
export {
  costOf,
  highestRates,
  nanoCost,
  type Priced,
  picoToNano,
  pricedUnits,
  type Rates,
  type RateTier,
  ratesFor,
} from './rates.ts';
export { isPriorityTier, ratesOfTier } from './service-tier.ts';
export type { UnitPrice } from './unit-prices.ts';
