import type { TokenUsage } from '../usage/index.ts';
import type { RateCard } from './price-book.ts';
import { costOf, ratesFor } from './rates.ts';
import { ratesOfTier } from './service-tier.ts';

/** Options of {@link priceUsage}. */
export interface PriceUsageOptions {
  /** The service tier that served the call, such as `batch` or `priority`; default: the standard tier. */
  readonly serviceTier?: string | undefined;
  /** How many requests the usage is the sum of; a long input raises the price of its own request only. */
  readonly requests?: number;
}

/**
 * The cost of a usage by a rate card, in nano-USD: at the rates for its input length and service tier, its
 * units at their own prices, rounded up once.
 *
 * @example
 * const card = new PriceBook().lookup({ model: 'gpt-5.2' });
 * priceUsage(card, tokenUsage({ input: 1_000, output: 500 })); // 8_750_000 nano-USD: $0.00875
 */
export function priceUsage(
  card: RateCard,
  usage: TokenUsage,
  { serviceTier, requests = 1 }: PriceUsageOptions = {},
): number {
  const inputTokens = requests === 1 ? usage.input : Math.ceil(usage.input / requests);
  const standard = ratesFor(card.tiers, inputTokens);
  const rates =
    serviceTier === undefined ? standard : ratesOfTier(standard, serviceTier, card.pricedAs ?? card.model);
  return costOf(usage, rates, card.units);
}
