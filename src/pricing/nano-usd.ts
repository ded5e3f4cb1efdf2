/** Nano-USD in one USD. Money is held as integers of nano-USD; no float is ever added to a balance. */
export const NANO_PER_USD = 1_000_000_000;

/** The largest amount that fits a safe integer of nano-USD: 9,007,199 USD. */
export const MAX_USD = Math.floor(Number.MAX_SAFE_INTEGER / NANO_PER_USD);

/**
 * USD as an integer of nano-USD, rounded to the nearest (0.625 is 625,000,000).
 * @throws RangeError where `usd` is not a number from 0 to 9,007,199
 */
export function usdToNano(usd: number): number {
  if (!(usd >= 0 && usd <= MAX_USD)) {
    throw new RangeError(`an amount in USD is a number from 0 to ${MAX_USD}; given: ${usd}`);
  }
  return Math.round(usd * NANO_PER_USD);
}

/** Nano-USD as USD, for reports and telemetry only. */
export function nanoToUsd(nano: number): number {
  return nano / NANO_PER_USD;
}

/** Nano-USD as text with as many decimals as it needs, two at least: `$0.625`, `$10.00`, `$0.00002`. */
export function formatUsd(nano: number): string {
  const sign = nano < 0 ? '-' : '';
  const whole = Math.floor(Math.abs(nano) / NANO_PER_USD);
  const fraction = String(Math.abs(nano) % NANO_PER_USD).padStart(9, '0');
  return `${sign}$${whole}.${fraction.slice(0, 2)}${fraction.slice(2).replace(/0+$/, '')}`;
}
