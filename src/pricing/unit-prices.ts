import type { UnitKind } from '../usage/index.ts';

/** The price of one unit, pico-USD; of one variant, or of any if none is named. */
export interface UnitPrice {
  readonly unit: UnitKind;
  /** The variant the price is for, such as the memory of a container; absent if it is for all. */
  readonly variant?: string;
  /** Pico-USD (10^-12 USD) for one unit. */
  readonly picoUsd: number;
}

const PICO_PER_USD = 1_000_000_000_000;
const MS_PER_HOUR = 3_600_000;

/**
 * Returns the price of one unit from a price in USD for `per` units: $15 for a million characters is
 * 15,000,000 pico-USD for each.
 */
export function unitPrice(unit: UnitKind, usd: number, per = 1, variant?: string): UnitPrice {
  const picoUsd = Math.round((usd * PICO_PER_USD) / per);
  return { unit, picoUsd, ...(variant === undefined ? {} : { variant }) };
}

/** Returns the price of a millisecond of audio from a price in USD for an hour. */
export function audioPrice(usdPerHour: number): UnitPrice {
  return unitPrice('audio_ms', usdPerHour, MS_PER_HOUR);
}
