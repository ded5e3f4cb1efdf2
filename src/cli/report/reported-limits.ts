import { LIMIT_NAMES, type LimitName } from '../../budget/index.ts';
import { semconv } from '../../telemetry/names/index.ts';
import type { OtlpPoint } from './otlp-lines.ts';
import type { ReportedCall, ReportedLimit } from './report-data.ts';
import { thinHistory } from './thin-history.ts';

/** The gauges of a limit at one moment. */
interface Reading {
  readonly at: number;
  limit?: number;
  settled?: number;
  reserved?: number;
}

const GAUGE_FIELDS: Readonly<Record<string, 'limit' | 'settled' | 'reserved'>> = {
  [semconv.METRIC_LIMIT]: 'limit',
  [semconv.METRIC_SETTLED]: 'settled',
  [semconv.METRIC_RESERVED]: 'reserved',
};

/** Returns each limit of each budget that the metrics have, ordered by name. */
export function reportLimits(points: readonly OtlpPoint[], calls: readonly ReportedCall[]): ReportedLimit[] {
  const parts = [...groupReadings(points).values()].flatMap(({ name, limit, readings }) => {
    const own = calls.filter(({ budget }) => budget === name);
    return toReportedLimit(
      name,
      limit,
      [...readings.values()].sort((a, b) => a.at - b.at),
      own,
    );
  });
  return parts.sort(
    (a, b) => a.name.localeCompare(b.name) || LIMIT_NAMES.indexOf(a.limit) - LIMIT_NAMES.indexOf(b.limit),
  );
}

/** The readings of one limit. */
interface LimitReadings {
  readonly name: string;
  readonly limit: LimitName;
  /** By time, milliseconds since the epoch. */
  readonly readings: Map<number, Reading>;
}

function groupReadings(points: readonly OtlpPoint[]): Map<string, LimitReadings> {
  const all = new Map<string, LimitReadings>();
  for (const { metric, at, value, attributes } of points) {
    const field = GAUGE_FIELDS[metric];
    const name = attributes[semconv.ATTR_BUDGET_NAME];
    const limit = LIMIT_NAMES.find((one) => one === attributes[semconv.ATTR_BUDGET_LIMIT]);
    if (field === undefined || typeof name !== 'string' || limit === undefined || !Number.isFinite(value))
      continue;
    const key = `${limit} ${name}`;
    const read = all.get(key) ?? { name, limit, readings: new Map<number, Reading>() };
    all.set(key, read);
    const reading = read.readings.get(at) ?? { at };
    reading[field] = value;
    read.readings.set(at, reading);
  }
  return all;
}

/**
 * Computes what was left of a limit over time: from the gauges, and between two readings from what the calls
 * of the file used. A gauge may lag behind the calls, so it is used only if it shows more spending than they
 * do, or a reset.
 */
function toReportedLimit(
  name: string,
  limit: LimitName,
  readings: readonly Reading[],
  calls: readonly ReportedCall[],
): ReportedLimit[] {
  const [first] = readings;
  const value = readings.findLast((reading) => reading.limit !== undefined)?.limit;
  if (first === undefined || value === undefined) return [];
  const charges = calls
    .map((call) => ({ at: call.at + call.durationMs, used: usedOf(call, limit) }))
    .sort((a, b) => a.at - b.at);
  const before = charges.filter(({ at }) => at <= first.at).reduce((sum, { used }) => sum + used, 0);
  let most = first.limit ?? value;
  let shown = 0;
  let unspent = Math.min(most, most - (first.settled ?? 0) + before);
  const history: [number, number][] = [[Math.min(first.at, calls[0]?.at ?? first.at), unspent]];
  const steps = [...charges, ...readings].sort((a, b) => a.at - b.at);
  for (const step of steps) {
    if ('used' in step) unspent -= step.used;
    else {
      unspent += (step.limit ?? most) - most;
      most = step.limit ?? most;
      const settled = step.settled ?? shown;
      unspent = settled < shown ? most - settled : Math.min(unspent, most - settled);
      shown = settled;
    }
    unspent = Math.max(0, unspent);
    history.push([step.at, unspent]);
  }
  // Reserved amounts matter only if they were still reserved at the end.
  const last = readings.at(-1);
  const reserved = (last?.at ?? 0) >= (charges.at(-1)?.at ?? 0) ? (last?.reserved ?? 0) : 0;
  const left = Math.max(0, unspent - reserved);
  return [
    { name, limit, value: most, settled: most - unspent, reserved, left, history: thinHistory(history) },
  ];
}

function usedOf({ costUsd, input, output }: ReportedCall, limit: LimitName): number {
  if (limit === 'costUsd') return costUsd;
  if (limit === 'tokens') return input + output;
  return limit === 'calls' ? 1 : 0;
}
