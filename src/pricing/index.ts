export type { PriceQuery } from './genai-prices.ts';
export { hidesReasoning, LARGEST_CONTEXT_WINDOW, maxOutputTokens } from './model-limits.ts';
export { formatUsd, MAX_USD, NANO_PER_USD, nanoToUsd, usdToNano } from './nano-usd.ts';
export { NO_RATES, type PriceOverride, type UnknownModelPolicy } from './overrides.ts';
export { PriceBook, type PriceSource, PriceUnknownError, type RateCard } from './price-book.ts';
export { costOf, dearest, nanoCost, picoToNano, type Rates, type RateTier, ratesFor } from './rates.ts';
export { isFaster, ratesOfTier } from './service-tier.ts';
export { pricedUnits, type UnitPrice } from './unit-prices.ts';
