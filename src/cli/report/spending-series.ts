import type { SpendingSeries } from './report-data.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Lengths of intervals that are easy to read off an axis, milliseconds. */
const INTERVALS = [
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  7 * DAY,
  30 * DAY,
];

/** The most intervals that a report has. */
const MAX_INTERVALS = 40;

/** The most series that a report has; if there are more, the smallest are summed up as one. */
const MAX_SERIES = 6;

/** The name of the series of the smallest. */
const OTHERS = 'others';

/**
 * Sums charges by interval and name.
 * @param by what the names are: `model` or `budget`
 * @param minIntervalMs the resolution of the source, milliseconds
 */
export function sumSpending(
  by: string,
  charges: readonly { readonly at: number; readonly name: string; readonly costUsd: number }[],
  minIntervalMs = 0,
): SpendingSeries {
  if (charges.length === 0) return { by, intervalMs: MINUTE, starts: [], series: [] };
  const first = charges.reduce((least, { at }) => Math.min(least, at), Infinity);
  const last = charges.reduce((most, { at }) => Math.max(most, at), -Infinity);
  const intervalMs =
    INTERVALS.find((length) => length >= minIntervalMs && (last - first) / length < MAX_INTERVALS) ??
    Math.ceil((last - first) / MAX_INTERVALS);
  const begin = first - (first % intervalMs);
  const count = Math.floor((last - begin) / intervalMs) + 1;
  const starts = Array.from({ length: count }, (_, index) => begin + index * intervalMs);
  const names = namesBySpending(charges);
  const own = names.slice(0, names.length > MAX_SERIES ? MAX_SERIES - 1 : MAX_SERIES);
  const shown = names.length > own.length ? [...own, OTHERS] : own;
  const series = shown.map((name) => ({ name, costUsd: starts.map(() => 0) }));
  for (const { at, name, costUsd } of charges) {
    const sums = series[own.includes(name) ? own.indexOf(name) : shown.length - 1]?.costUsd;
    const index = Math.floor((at - begin) / intervalMs);
    if (sums !== undefined) sums[index] = (sums[index] ?? 0) + costUsd;
  }
  return { by, intervalMs, starts, series };
}

/** Returns the names of charges, the one with the highest cost first. */
function namesBySpending(charges: readonly { readonly name: string; readonly costUsd: number }[]): string[] {
  const sums = new Map<string, number>();
  for (const { name, costUsd } of charges) sums.set(name, (sums.get(name) ?? 0) + costUsd);
  return [...sums].sort(([, a], [, b]) => b - a).map(([name]) => name);
}
