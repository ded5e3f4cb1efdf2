import type { LimitName } from '../../budget/index.ts';
import { semconv } from '../../telemetry/names/index.ts';
import { formatLimit, formatLimitAmount } from '../style.ts';
import type { OtlpAttributes, OtlpEvent, OtlpSpan } from './otlp-lines.ts';
import type { ReportedEvent } from './report-data.ts';

/** How many events are shown, the last ones. */
const SHOWN = 100;

/**
 * Events of budgets, in time: the log records, or, in a file without these, the events of spans. Calls that were clamped are
 * told in one row for each budget: there may be one for each call.
 */
export function reportEvents(logs: readonly OtlpEvent[], spans: readonly OtlpSpan[]): ReportedEvent[] {
  const ours = (event: OtlpEvent): boolean => event.name.startsWith('token_budget.');
  const records = logs.filter(ours);
  const events = records.length > 0 ? records : spans.flatMap((span) => span.events.filter(ours));
  const clamped = Map.groupBy(
    events.filter(({ name }) => name === semconv.EVENT_CLAMPED),
    budgetOf,
  );
  const rows = events.filter(({ name }) => name !== semconv.EVENT_CLAMPED).map(rowOf);
  return [...rows, ...[...clamped.values()].flatMap(clampedRow)].sort((a, b) => a.at - b.at).slice(-SHOWN);
}

function budgetOf({ attributes }: OtlpEvent): string {
  return String(attributes[semconv.ATTR_BUDGET_NAME] ?? '');
}

function rowOf(event: OtlpEvent): ReportedEvent {
  const name = event.name.slice('token_budget.'.length);
  return { at: event.at, name, budget: budgetOf(event), text: describeEvent(event.name, event.attributes) };
}

function clampedRow(events: readonly OtlpEvent[]): ReportedEvent[] {
  const [first] = events;
  if (first === undefined) return [];
  if (events.length === 1) return [rowOf(first)];
  const caps = events.map(({ attributes }) => Number(attributes[semconv.ATTR_BUDGET_CAP_SENT] ?? 0));
  const lowest = caps.reduce((a, b) => Math.min(a, b), Infinity);
  const highest = caps.reduce((a, b) => Math.max(a, b), 0);
  const text = `${events.length} calls were sent with a lower output cap, of ${lowest} to ${highest} tokens`;
  return [{ ...rowOf(first), text }];
}

/** What an event says, in words, from its attributes. */
function describeEvent(name: string, attributes: OtlpAttributes): string {
  const text = (key: string): string => String(attributes[key] ?? '?');
  switch (name) {
    case semconv.EVENT_THRESHOLD:
      return `${Math.round(Number(attributes[semconv.ATTR_BUDGET_THRESHOLD]) * 100)} % of ${limitOf(attributes)} used`;
    case semconv.EVENT_EXHAUSTED:
      return `the limit of ${limitOf(attributes)} is reached: the next call is refused`;
    case semconv.EVENT_DENIED:
      return `a call was refused: it needs ${part(attributes, semconv.ATTR_BUDGET_REQUESTED)}, ${part(attributes, semconv.ATTR_BUDGET_SETTLED)} of ${limitOf(attributes)} used`;
    case semconv.EVENT_CLAMPED:
      return `a call was sent with an output cap of ${text(semconv.ATTR_BUDGET_CAP_SENT)} tokens`;
    case semconv.EVENT_USAGE_MISSING:
      return `an answer of ${text(semconv.ATTR_REQUEST_MODEL)} told no usage (${text(semconv.ATTR_BUDGET_REASON)}); charged by ${text(semconv.ATTR_BUDGET_USAGE_SOURCE)}`;
    case semconv.EVENT_PRICE_UNKNOWN:
      return `no price is known for ${text(semconv.ATTR_REQUEST_MODEL)}; charged as ${text(semconv.ATTR_BUDGET_PRICED_AS)}`;
    case semconv.EVENT_STORE_UNAVAILABLE:
      return `the store is away: ${text(semconv.ATTR_BUDGET_REASON)}`;
    case semconv.EVENT_STORE_AVAILABLE:
      return 'the store is back';
    default:
      return name;
  }
}

function nameOf(attributes: OtlpAttributes): LimitName {
  const limit = attributes[semconv.ATTR_BUDGET_LIMIT];
  return limit === 'tokens' || limit === 'calls' || limit === 'minutes' ? limit : 'costUsd';
}

function limitOf(attributes: OtlpAttributes): string {
  const value = Number(attributes[semconv.ATTR_BUDGET_LIMIT_VALUE] ?? 0);
  return Number.isFinite(value) && value >= 0 ? formatLimit(nameOf(attributes), value) : 'its limit';
}

/** An amount in the unit of the limit; of a limit in minutes these are USD. */
function part(attributes: OtlpAttributes, key: string): string {
  const limit = nameOf(attributes);
  const value = Number(attributes[key] ?? 0);
  const beside = limit === 'costUsd' ? Number(attributes[semconv.ATTR_BUDGET_LIMIT_VALUE] ?? value) : value;
  return formatLimitAmount(limit === 'minutes' ? 'costUsd' : limit, value, beside);
}
