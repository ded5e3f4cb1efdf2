import { findByLongestPrefix } from '../util/index.ts';
import { BATCH_PRICE, FLEX_PRICE, PRIORITY_PRICE_UNLISTED, PRIORITY_PRICES } from './model-data/index.ts';
import { type Rates, scaleRates } from './rates.ts';

/** The name of the tier that is charged at list prices. */
export const STANDARD_TIER = 'default';

/** Names of tiers that cost more than the standard one; `fast` is the newer name of `priority`. */
const PRIORITY_TIERS: ReadonlySet<string> = new Set(['priority', 'fast', 'ultrafast']);

/** Whether a tier costs more than the standard one. */
export function isPriorityTier(tier: unknown): tier is string {
  return typeof tier === 'string' && PRIORITY_TIERS.has(tier);
}

/**
 * Returns the rates of a service tier: lower for `flex` and `batch`, higher for `priority`. `default`,
 * `auto`, `scale`, no tier and any other name are charged at the standard rates.
 */
export function ratesOfTier(rates: Rates, tier: string | undefined, model: string): Rates {
  if (tier === 'flex') return scaleRates(rates, ...FLEX_PRICE);
  if (tier === 'batch') return scaleRates(rates, ...BATCH_PRICE);
  if (!isPriorityTier(tier)) return rates;
  return scaleRates(rates, ...(findByLongestPrefix(PRIORITY_PRICES, model) ?? PRIORITY_PRICE_UNLISTED));
}
