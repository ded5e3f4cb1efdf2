import type { PrefixEntry } from '../../util/index.ts';

/** A share of a price, as an exact fraction. */
export type PriceFraction = readonly [numerator: number, denominator: number];

/**
 * The price of priority processing as a fraction of the standard price, by the prefix of the model's name;
 * the longest match counts. Source: the Standard and Priority tables of
 * https://platform.openai.com/docs/pricing (gpt-4o $4.25 to $2.50, gpt-4.1 $3.50 to $2.00, o4-mini $2.00 to
 * $1.10, gpt-5-mini $0.45 to $0.25 and so on).
 */
export const PRIORITY_PRICES: readonly PrefixEntry<PriceFraction>[] = [
  ['gpt-4o', [17, 10]],
  ['gpt-4o-2024-05-13', [7, 4]],
  ['gpt-4o-mini', [5, 3]],
  ['gpt-4.1', [7, 4]],
  ['gpt-4.1-nano', [2, 1]],
  ['o3', [7, 4]],
  ['o4-mini', [20, 11]],
  ['gpt-5', [2, 1]],
  ['gpt-5-mini', [9, 5]],
  ['gpt-5.5', [5, 2]],
];

/** The price of priority processing for a model that is not listed: the highest listed fraction. */
export const PRIORITY_PRICE_UNLISTED: PriceFraction = [5, 2];

/**
 * The price of a batch as a fraction of the standard price (https://platform.openai.com/docs/guides/batch).
 */
export const BATCH_PRICE: PriceFraction = [1, 2];

/**
 * The price of flex processing as a fraction of the standard price
 * (https://platform.openai.com/docs/guides/flex-processing).
 */
export const FLEX_PRICE: PriceFraction = [1, 2];
