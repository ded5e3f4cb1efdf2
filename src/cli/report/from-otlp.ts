import { nanoToUsd } from '../../pricing/index.ts';
import { semconv } from '../../telemetry/names/index.ts';
import type { OtlpSpan, OtlpTelemetry } from './otlp-lines.ts';
import type { CallGroup, CallGroupRow, ReportData, ReportedCall, ReportTotals } from './report-data.ts';
import { reportEvents } from './reported-events.ts';
import { reportLimits } from './reported-limits.ts';
import { sumSpending } from './spending-series.ts';

/** How many of the most expensive and of the slowest calls a report shows. */
const MAX_CALLS = 10;

/** How many ancestors of a call are searched for a step. */
const MAX_DEPTH = 64;

/**
 * Builds a report from exported telemetry.
 * @param source the name of the file
 * @param by an attribute of spans or resources to group by as well
 */
export function reportFromTelemetry(
  { spans, points, logs }: OtlpTelemetry,
  source: string,
  by?: string,
): ReportData {
  const calls = findCalls(spans);
  const made = calls.filter(({ call }) => call.decision !== 'deny');
  const times = [
    ...spans.flatMap(({ start, end }) => [start, end]),
    ...points.map(({ at }) => at),
    ...logs.map(({ at }) => at),
  ];
  const known = times.filter((time) => time > 0);
  const only = made.map(({ call }) => call);
  return {
    source,
    from: known.reduce((a, b) => Math.min(a, b), Infinity),
    to: known.reduce((a, b) => Math.max(a, b), -Infinity),
    totals: sumTotals(calls),
    spending: sumSpending(
      'model',
      only.map(({ at, durationMs, model, costUsd }) => ({ at: at + durationMs, name: model, costUsd })),
    ),
    budgets: reportLimits(points, only),
    groups: groupCalls(made, by),
    calls: {
      mostExpensive: only.toSorted((a, b) => b.costUsd - a.costUsd).slice(0, MAX_CALLS),
      slowest: only.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, MAX_CALLS),
    },
    events: reportEvents(logs, spans),
  };
}

/** A call, and the span that it comes from. */
interface CallSpan {
  readonly call: ReportedCall;
  readonly span: OtlpSpan;
}

/** Returns the calls that a budget decided on, in the order of time. */
function findCalls(spans: readonly OtlpSpan[]): CallSpan[] {
  const byId = new Map(spans.map((span) => [span.traceId + span.spanId, span]));
  return spans
    .filter(({ attributes }) => attributes[semconv.ATTR_BUDGET_DECISION] !== undefined)
    .map((span) => ({ span, call: toReportedCall(span, byId) }))
    .sort((a, b) => a.call.at - b.call.at);
}

function toReportedCall(span: OtlpSpan, byId: ReadonlyMap<string, OtlpSpan>): ReportedCall {
  const { attributes, resource, start, end, traceId } = span;
  const number = (name: string): number => Number(attributes[name] ?? 0);
  const text = (name: string): string => String(attributes[name] ?? '');
  return {
    at: start,
    durationMs: Math.max(0, end - start),
    model: text(semconv.ATTR_RESPONSE_MODEL) || text(semconv.ATTR_REQUEST_MODEL) || 'unknown',
    step: stepOf(span, byId),
    service: String(resource['service.name'] ?? ''),
    budget: text(semconv.ATTR_BUDGET_NAME),
    decision: text(semconv.ATTR_BUDGET_DECISION),
    input: number(semconv.ATTR_USAGE_INPUT_TOKENS),
    cached: number(semconv.ATTR_USAGE_CACHE_READ),
    output: number(semconv.ATTR_USAGE_OUTPUT_TOKENS),
    costUsd: nanoToUsd(number(semconv.ATTR_BUDGET_COST_NANO_USD)),
    traceId,
  };
}

/** Returns the name of the nearest ancestor that is not a call itself. */
function stepOf(span: OtlpSpan, byId: ReadonlyMap<string, OtlpSpan>): string {
  let child = span;
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    if (child.parentSpanId === undefined) return 'no step';
    const parent = byId.get(child.traceId + child.parentSpanId);
    if (parent === undefined) return 'not in the file';
    if (parent.attributes[semconv.ATTR_BUDGET_DECISION] === undefined) return parent.name;
    child = parent;
  }
  return 'no step';
}

function sumTotals(calls: readonly CallSpan[]): ReportTotals {
  const made = calls.filter(({ call }) => call.decision !== 'deny');
  const sum = (of: (call: ReportedCall) => number): number =>
    made.reduce((total, { call }) => total + of(call), 0);
  return {
    costUsd: sum(({ costUsd }) => costUsd),
    calls: made.length,
    tokens: sum(({ input, output }) => input + output),
    input: sum(({ input }) => input),
    cached: sum(({ cached }) => cached),
    output: sum(({ output }) => output),
    denied: calls.length - made.length,
    failed: made.filter(({ span }) => span.failed).length,
  };
}

function groupCalls(made: readonly CallSpan[], by: string | undefined): CallGroup[] {
  const groups: CallGroup[] = [
    { by: 'model', rows: groupBy(made, ({ call }) => call.model) },
    { by: 'step', rows: groupBy(made, ({ call }) => call.step) },
    { by: 'budget', rows: groupBy(made, ({ call }) => call.budget) },
    { by: 'service', rows: groupBy(made, ({ call }) => call.service) },
  ].filter(({ by: name, rows }) => rows.length > 1 || name === 'model');
  if (by === undefined) return groups;
  const nameOf = ({ span }: CallSpan): string =>
    String(span.attributes[by] ?? span.resource[by] ?? 'not set');
  return [{ by, rows: groupBy(made, nameOf) }, ...groups];
}

/** Sums calls by a name of theirs, the highest cost first. */
function groupBy(made: readonly CallSpan[], nameOf: (found: CallSpan) => string): CallGroupRow[] {
  const rows = new Map<string, CallGroupRow>();
  for (const found of made) {
    const name = nameOf(found) || 'not set';
    const { costUsd, input, output } = found.call;
    const row = rows.get(name) ?? { name, costUsd: 0, calls: 0, tokens: 0 };
    rows.set(name, {
      name,
      costUsd: row.costUsd + costUsd,
      calls: row.calls + 1,
      tokens: row.tokens + input + output,
    });
  }
  return [...rows.values()].sort((a, b) => b.costUsd - a.costUsd);
}
