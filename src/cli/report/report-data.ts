import type { LimitName } from '../../budget/index.ts';

/** What a report shows. Times are milliseconds since the epoch, money is USD. */
export interface ReportData {
  /** Where it comes from, as people read it. */
  readonly source: string;
  readonly from: number;
  readonly to: number;
  readonly totals: ReportTotals;
  readonly spending: SpendingSeries;
  readonly budgets: readonly ReportedLimit[];
  readonly groups: readonly CallGroup[];
  /** Absent where the source knows no calls. */
  readonly mostExpensive?: {
    readonly dearest: readonly ReportedCall[];
    readonly slowest: readonly ReportedCall[];
  };
  readonly events: readonly ReportedEvent[];
}

export interface ReportTotals {
  readonly costUsd: number;
  readonly calls: number;
  readonly tokens: number;
  /** Of the tokens; absent where the source does not know. */
  readonly input?: number;
  readonly cached?: number;
  readonly output?: number;
  /** Calls that were refused. */
  readonly denied?: number;
  /** Calls that failed otherwise. */
  readonly failed?: number;
}

/** Money by interval, in one series for each model or budget. */
export interface SpendingSeries {
  /** What the series are: `model` or `budget`. */
  readonly by: string;
  readonly intervalMs: number;
  readonly starts: readonly number[];
  readonly series: readonly { readonly name: string; readonly costUsd: readonly number[] }[];
}

/** One limit of a budget, in its unit: USD, tokens, calls or minutes. */
export interface ReportedLimit {
  readonly name: string;
  readonly limit: LimitName;
  readonly value: number;
  readonly settled: number;
  readonly reserved: number;
  readonly left: number;
  /** What was left over time; empty where it is not known. */
  readonly history: readonly (readonly [at: number, left: number])[];
}

export interface CallGroup {
  /** By what the calls are grouped: `model`, `step`, an attribute. */
  readonly by: string;
  readonly rows: readonly CallGroupRow[];
}

export interface CallGroupRow {
  readonly name: string;
  readonly costUsd: number;
  readonly calls: number;
  readonly tokens: number;
}

export interface ReportedCall {
  readonly at: number;
  readonly durationMs: number;
  readonly model: string;
  /** The span that the call was made in. */
  readonly step: string;
  readonly service: string;
  readonly budget: string;
  readonly decision: string;
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly costUsd: number;
  readonly traceId: string;
}

export interface ReportedEvent {
  readonly at: number;
  /** Without our prefix: `exhausted`. */
  readonly name: string;
  readonly budget: string;
  readonly text: string;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Lengths of intervals that people can read off an axis, milliseconds. */
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

/** How many intervals a span of time is cut into at most. */
const MOST = 40;

/** How many series are told apart; the smallest of more are summed up as one. */
const SERIES = 6;

export const OTHERS = 'others';

/**
 * Sums money by interval.
 * @param least the shortest interval that the source can tell, milliseconds
 */
export function sumSpending(
  by: string,
  charges: readonly { readonly at: number; readonly name: string; readonly costUsd: number }[],
  least = 0,
): SpendingSeries {
  const times = charges.map(({ at }) => at);
  const first = times.reduce((a, b) => Math.min(a, b), Infinity);
  const last = times.reduce((a, b) => Math.max(a, b), -Infinity);
  if (charges.length === 0) return { by, intervalMs: MINUTE, starts: [], series: [] };
  const intervalMs =
    INTERVALS.find((one) => one >= least && (last - first) / one < MOST) ?? Math.ceil((last - first) / MOST);
  const begin = first - (first % intervalMs);
  const count = Math.floor((last - begin) / intervalMs) + 1;
  const starts = Array.from({ length: count }, (_, index) => begin + index * intervalMs);
  const sums = new Map<string, number>();
  for (const { name, costUsd } of charges) sums.set(name, (sums.get(name) ?? 0) + costUsd);
  const names = [...sums].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const own = names.slice(0, names.length > SERIES ? SERIES - 1 : SERIES);
  const shown = names.length > own.length ? [...own, OTHERS] : own;
  const series = shown.map((name) => ({ name, costUsd: starts.map(() => 0) }));
  for (const { at, name, costUsd } of charges) {
    const to = series[Math.max(0, own.includes(name) ? own.indexOf(name) : shown.length - 1)]?.costUsd;
    const index = Math.floor((at - begin) / intervalMs);
    if (to !== undefined) to[index] = (to[index] ?? 0) + costUsd;
  }
  return { by, intervalMs, starts, series };
}

/** The most points of a line that a page needs. */
const POINTS = 400;

/** A line with fewer points: of each of many equal spans of time the last. */
export function thinHistory(history: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const first = history[0]?.[0] ?? 0;
  const span = ((history.at(-1)?.[0] ?? 0) - first) / POINTS;
  if (history.length <= POINTS) return [...history];
  return history.filter(([at], index) => {
    const next = history[index + 1];
    return next === undefined || Math.floor((at - first) / span) !== Math.floor((next[0] - first) / span);
  });
}
