import { type Rates, scaleRates } from './rates.ts';

/**
 * Price of priority processing over the standard price, as a fraction, by the beginning of the model's name; the
 * longest match counts. Source: the Standard and Priority tables of https://platform.openai.com/docs/pricing
 * (gpt-4o $4.25 to $2.50, gpt-4.1 $3.50 to $2.00, o4-mini $2.00 to $1.10, gpt-5-mini $0.45 to $0.25 and so on).
 */
const PRIORITY: readonly (readonly [prefix: string, numerator: number, denominator: number])[] = [
  ['gpt-4o', 17, 10],
  ['gpt-4o-2024-05-13', 7, 4],
  ['gpt-4o-mini', 5, 3],
  ['gpt-4.1', 7, 4],
  ['gpt-4.1-nano', 2, 1],
  ['o3', 7, 4],
  ['o4-mini', 20, 11],
  ['gpt-5', 2, 1],
  ['gpt-5-mini', 9, 5],
  ['gpt-5.5', 5, 2],
];

/** What an unlisted model is charged for priority processing: the most that is listed. */
const PRIORITY_UNLISTED = [5, 2] as const;

/** The name of the tier that is charged at list prices. */
export const STANDARD_TIER = 'default';

/** Names of tiers that cost more than the standard one; `fast` is priority by its newer name. */
const FASTER: ReadonlySet<string> = new Set(['priority', 'fast', 'ultrafast']);

/** Whether a tier costs more than the standard one. */
export function isFaster(tier: unknown): tier is string {
  return typeof tier === 'string' && FASTER.has(tier);
}

/**
 * The share of the standard price that batches cost (https://platform.openai.com/docs/guides/batch), as
 * numerator and denominator.
 */
export const BATCH_PRICE = [1, 2] as const;

/**
 * The rates of a service tier. `flex` and `batch` cost half the standard price
 * (https://platform.openai.com/docs/guides/flex-processing, /batch); `priority` costs more; `default`, `auto`,
 * `scale`, none and any other name are the standard price.
 */
export function ratesOfTier(rates: Rates, tier: string | undefined, model: string): Rates {
  if (tier === 'flex' || tier === 'batch') return scaleRates(rates, ...BATCH_PRICE);
  if (!isFaster(tier)) return rates;
  let best: readonly [string, number, number] | undefined;
  for (const entry of PRIORITY) {
    if (model.startsWith(entry[0]) && entry[0].length > (best?.[0].length ?? 0)) best = entry;
  }
  return best ? scaleRates(rates, best[1], best[2]) : scaleRates(rates, ...PRIORITY_UNLISTED);
}
