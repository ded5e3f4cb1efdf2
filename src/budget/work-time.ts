import { NANO_PER_USD, usdToNano } from '../pricing/index.ts';

/** Working time as money: 4 hours cost 10 USD. */
export const MINUTES_PER_RATE = 240;
export const USD_PER_RATE = 10;

/** What a job gets that names no budget, minutes: $0.625, which is 44,642 tokens of gpt-5.2 output. */
export const DEFAULT_MINUTES = 15;

/**
 * Working time as nano-USD: `minutes / 240 × 10 USD`.
 * @throws RangeError where `minutes` is negative or not a number
 */
export function minutesToNanoUsd(minutes: number): number {
  if (!(minutes >= 0)) throw new RangeError(`minutes are a number of zero or more; given: ${minutes}`);
  return usdToNano((minutes / MINUTES_PER_RATE) * USD_PER_RATE);
}

/**
 * How many output tokens an amount pays for, rounded down.
 * @param outputPicoUsd the price of one output token, pico-USD
 */
export function nanoUsdToOutputTokens(nanoUsd: number, outputPicoUsd: number): number {
  if (!(outputPicoUsd > 0)) throw new RangeError(`a price above zero is needed; given: ${outputPicoUsd}`);
  return Number((BigInt(nanoUsd) * 1000n) / BigInt(outputPicoUsd));
}

/** USD of working time, for display. */
export function minutesToUsd(minutes: number): number {
  return minutesToNanoUsd(minutes) / NANO_PER_USD;
}
