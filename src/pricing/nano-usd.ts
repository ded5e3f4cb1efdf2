/** Nano-USD in one USD. Money is stored as integers of nano-USD; no float is ever added to a balance. */
export const NANO_PER_USD = 1_000_000_000;

/** The largest amount that fits a safe integer of nano-USD: 9,007,199 USD. */
export const MAX_USD = Math.floor(Number.MAX_SAFE_INTEGER / NANO_PER_USD);

/**
 * Converts USD to an integer of nano-USD, rounded to the nearest.
 * @throws RangeError if `usd` is not a number from 0 to 9,007,199
 * @example
 * usdToNano(0.625); // 625_000_000
 */
export function usdToNano(usd: number): number {
  if (!(usd >= 0 && usd <= MAX_USD)) {
    throw new RangeError(`got ${usd}, expected an amount in USD from 0 to ${MAX_USD}`);
  }
  return Math.round(usd * NANO_PER_USD);
}

/**
 * Converts nano-USD to USD, for reports and telemetry only.
 * @example
 * nanoToUsd(625_000_000); // 0.625
 */
export function nanoToUsd(nano: number): number {
  return nano / NANO_PER_USD;
}

/**
 * Formats an amount of money for people: `$1,234.50`, `$0.42`, `$0.0042`. From a dollar on it has cents,
 * below a dollar four significant digits, of which trailing zeros after the cents are left out.
 * @param nano nano-USD; a fraction of one is rounded
 * @example
 * formatUsd(625_000_000); // '$0.625'
 */
export function formatUsd(nano: number): string {
  const usd = Math.abs(nano) / NANO_PER_USD;
  const [whole = '', fraction = ''] = usd.toFixed(decimalPlaces(usd)).split('.');
  const cents = fraction.slice(0, 2) + fraction.slice(2).replace(/0+$/, '');
  return `${nano < 0 ? '-' : ''}$${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${cents}`;
}

/**
 * Decimal places of an amount: 2 from a dollar on, below it those of four significant digits, 9 (one
 * nano-USD) at most.
 */
function decimalPlaces(usd: number): number {
  if (usd === 0 || usd >= 1) return 2;
  return Math.min(9, 3 - Math.floor(Math.log10(usd)));
}
