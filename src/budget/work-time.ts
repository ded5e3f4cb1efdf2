import { NANO_PER_USD, usdToNano } from '../pricing/index.ts';

/** The working time that {@link USD_PER_RATE} pays for, minutes. */
export const MINUTES_PER_RATE = 240;

/** The price of {@link MINUTES_PER_RATE} of working time, USD. */
export const USD_PER_RATE = 10;

/** The budget of a job that names none, minutes: $0.625, which is 44,642 tokens of gpt-5.2 output. */
export const DEFAULT_MINUTES = 15;

/**
 * Converts working time to nano-USD: `minutes / 240 × 10 USD`.
 * @throws RangeError if `minutes` is negative or not a number
 * @example
 * minutesToNanoUsd(15); // 625_000_000: $0.625
 */
export function minutesToNanoUsd(minutes: number): number {
  if (!(minutes >= 0)) throw new RangeError(`minutes: got ${minutes}, expected a number of zero or more`);
  return usdToNano((minutes / MINUTES_PER_RATE) * USD_PER_RATE);
}

/**
 * Returns how many output tokens an amount pays for, rounded down.
 * @param outputPicoUsd the price of one output token, pico-USD
 * @throws RangeError if the price is not above zero
 * @example
 * // gpt-5.2: $14 for a million output tokens.
 * nanoUsdToOutputTokens(625_000_000, 14_000_000); // 44_642
 */
export function nanoUsdToOutputTokens(nanoUsd: number, outputPicoUsd: number): number {
  if (!(outputPicoUsd > 0))
    throw new RangeError(`outputPicoUsd: got ${outputPicoUsd}, expected a number above zero`);
  return Number((BigInt(nanoUsd) * 1000n) / BigInt(outputPicoUsd));
}

/**
 * Converts working time to USD, for display.
 * @throws RangeError if `minutes` is negative or not a number
 * @example
 * minutesToUsd(240); // 10
 */
export function minutesToUsd(minutes: number): number {
  return minutesToNanoUsd(minutes) / NANO_PER_USD;
}
