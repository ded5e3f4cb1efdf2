export type { PriceQuery } from './genai-prices.ts';
export { hidesReasoning, LARGEST_CONTEXT_WINDOW, maxOutputTokens } from './model-limits.ts';
export { formatUsd, MAX_USD, NANO_PER_USD, nanoToUsd, usdToNano } from './nano-usd.ts';
export { NO_RATES, type PriceOverride, type UnknownModelPolicy } from './overrides.ts';
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
  type Rates,
  type RateTier,
  ratesFor,
} from './rates.ts';
export { BATCH_PRICE, isFaster, ratesOfTier } from './service-tier.ts';
export { pricedUnits, type UnitPrice } from './unit-prices.ts';
