const GROUPED = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** Formats a whole number with its thousands grouped: `12,000`. From 100 million on in millions: `250M`. */
export function formatCount(value: number): string {
  return value < 100_000_000 ? GROUPED.format(value) : `${GROUPED.format(Math.floor(value / 1_000_000))}M`;
}

/**
 * Formats a count with its noun: `1 call`, `2,000 calls`.
 * @param noun the singular of a noun whose plural ends in `s`
 */
export function formatQuantity(value: number, noun: string): string {
  return `${formatCount(value)} ${value === 1 ? noun : `${noun}s`}`;
}

/**
 * Formats a share as whole percent: `27 %`. 0 % and 100 % are exact: between them it shows `<1 %` and 99 % at
 * most.
 */
export function formatPercent(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 1) return '<1 %';
  return `${percent < 100 ? Math.min(99, Math.round(percent)) : Math.round(percent)} %`;
}
