import { LIMIT_NAMES, type LimitName } from '../../budget/index.ts';
import { semconv } from '../../telemetry/names/index.ts';
import type { OtlpPoint } from './otlp-lines.ts';
import { type ReportedCall, type ReportedLimit, thinHistory } from './report-data.ts';

/** What the gauges of a limit showed at one moment. */
interface Reading {
  readonly at: number;
  limit?: number;
  settled?: number;
  reserved?: number;
}

const GAUGES: Readonly<Record<string, 'limit' | 'settled' | 'reserved'>> = {
  [semconv.METRIC_LIMIT]: 'limit',
  [semconv.METRIC_SETTLED]: 'settled',
  [semconv.METRIC_RESERVED]: 'reserved',
};

/** Each limit of each budget that metrics tell of, by name. */
export function reportLimits(points: readonly OtlpPoint[], calls: readonly ReportedCall[]): ReportedLimit[] {
  const parts = [...readingsOf(points).values()].flatMap(({ name, limit, readings }) => {
    const own = calls.filter(({ budget }) => budget === name);
    return partOf(
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

interface Read {
  readonly name: string;
  readonly limit: LimitName;
  /** By time. */
  readonly readings: Map<number, Reading>;
}

function readingsOf(points: readonly OtlpPoint[]): Map<string, Read> {
  const all = new Map<string, Read>();
  for (const { metric, at, value, attributes } of points) {
    const gauge = GAUGES[metric];
    const name = attributes[semconv.ATTR_BUDGET_NAME];
    const limit = LIMIT_NAMES.find((one) => one === attributes[semconv.ATTR_BUDGET_LIMIT]);
    if (gauge === undefined || typeof name !== 'string' || limit === undefined || !Number.isFinite(value))
      continue;
    const key = `${limit} ${name}`;
    const read = all.get(key) ?? { name, limit, readings: new Map<number, Reading>() };
    all.set(key, read);
    const reading = read.readings.get(at) ?? { at };
    reading[gauge] = value;
    read.readings.set(at, reading);
  }
  return all;
}

/**
 * What was not spent of a limit over time: as the gauges show it, and between two readings less what the calls of the file used. A
 * gauge may be behind what calls have used by then, so it is believed where it shows more spent, or begins anew.
 */
function partOf(
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
  // What was held is of interest where it was held at the end.
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
