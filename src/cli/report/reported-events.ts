import type { LimitName } from '../../budget/index.ts';
import { semconv } from '../../telemetry/names/index.ts';
import { formatPercent } from '../../util/index.ts';
import { formatLimit, formatLimitAmount } from '../style.ts';
import type { OtlpAttributes, OtlpEvent, OtlpSpan } from './otlp-lines.ts';
import type { ReportedEvent } from './report-data.ts';

/** The most events that a report shows; older ones are left out. */
const MAX_EVENTS = 100;

/**
 * Returns the events of budgets in the order of time: from log records, or from spans if the file has no such
 * records. Events of single calls are left out, since calls have their own tables. Clamped calls may be
 * many, so they are summed up in one event for each budget.
 */
export function reportEvents(logs: readonly OtlpEvent[], spans: readonly OtlpSpan[]): ReportedEvent[] {
  const isBudgetEvent = ({ name }: OtlpEvent): boolean =>
    name.startsWith('token_budget.') && name !== semconv.EVENT_CALL;
  const records = logs.filter(isBudgetEvent);
  const events = records.length > 0 ? records : spans.flatMap((span) => span.events.filter(isBudgetEvent));
  const clamped = Map.groupBy(
    events.filter(({ name }) => name === semconv.EVENT_CLAMPED),
    budgetOf,
  );
  const others = events.filter(({ name }) => name !== semconv.EVENT_CLAMPED).map(toReportedEvent);
  return [...others, ...[...clamped.values()].flatMap(sumClamped)]
    .sort((a, b) => a.at - b.at)
    .slice(-MAX_EVENTS);
}

function budgetOf({ attributes }: OtlpEvent): string {
  return String(attributes[semconv.ATTR_BUDGET_NAME] ?? '');
}

function toReportedEvent(event: OtlpEvent): ReportedEvent {
  const name = event.name.slice('token_budget.'.length);
  return { at: event.at, name, budget: budgetOf(event), text: describeEvent(event.name, event.attributes) };
}

function sumClamped(events: readonly OtlpEvent[]): ReportedEvent[] {
  const [first] = events;
  if (first === undefined) return [];
  if (events.length === 1) return [toReportedEvent(first)];
  const caps = events.map(({ attributes }) => Number(attributes[semconv.ATTR_BUDGET_CAP_SENT] ?? 0));
  const lowest = caps.reduce((a, b) => Math.min(a, b), Infinity);
  const highest = caps.reduce((a, b) => Math.max(a, b), 0);
  const text = `${events.length} calls were sent with a lower output cap, of ${lowest} to ${highest} tokens`;
  return [{ ...toReportedEvent(first), text }];
}

/** Describes an event in words, from its attributes. */
function describeEvent(name: string, attributes: OtlpAttributes): string {
  const text = (key: string): string => String(attributes[key] ?? '?');
  switch (name) {
    case semconv.EVENT_THRESHOLD:
      return `${formatPercent(Number(attributes[semconv.ATTR_BUDGET_THRESHOLD]))} of ${formatLimitOf(attributes)} used`;
    case semconv.EVENT_EXHAUSTED:
      return `the limit of ${formatLimitOf(attributes)} is reached: the next call is denied`;
    case semconv.EVENT_DENIED:
      return `a call was denied: it needs ${formatAmount(attributes, semconv.ATTR_BUDGET_REQUESTED)}, ${formatAmount(attributes, semconv.ATTR_BUDGET_SETTLED)} of ${formatLimitOf(attributes)} used`;
    case semconv.EVENT_CLAMPED:
      return `a call was sent with an output cap of ${text(semconv.ATTR_BUDGET_CAP_SENT)} tokens`;
    case semconv.EVENT_USAGE_MISSING:
      return `a response of ${text(semconv.ATTR_REQUEST_MODEL)} reported no usage (${text(semconv.ATTR_BUDGET_REASON)}); charged by ${text(semconv.ATTR_BUDGET_USAGE_SOURCE)}`;
    case semconv.EVENT_EXCEEDED_RESERVATION:
      return `a call to ${text(semconv.ATTR_REQUEST_MODEL)} cost more than was reserved (${text(semconv.ATTR_BUDGET_REASON)})`;
    case semconv.EVENT_PRICE_UNKNOWN:
      return `no price is known for ${text(semconv.ATTR_REQUEST_MODEL)}; charged as ${text(semconv.ATTR_BUDGET_PRICED_AS)}`;
    case semconv.EVENT_UNMETERED:
      return `the cost of ${text(semconv.ATTR_BUDGET_ENDPOINT)} is not counted (${text(semconv.ATTR_BUDGET_REASON)})`;
    case semconv.EVENT_JOB:
      return `run ${text(semconv.ATTR_JOB_RUN)} of the job ${text(semconv.ATTR_JOB_ID)} ended: ${text(semconv.ATTR_JOB_REASON)}`;
    case semconv.EVENT_STORE_UNAVAILABLE:
      return `the store is unavailable: ${text(semconv.ATTR_BUDGET_REASON)}`;
    case semconv.EVENT_STORE_AVAILABLE:
      return 'the store is available again';
    case semconv.EVENT_STORE_WARNING:
      return `the set-up of the store: ${text(semconv.ATTR_BUDGET_REASON)}`;
    case semconv.EVENT_LEDGER_LOST:
      return `the ledger has lost data: ${text(semconv.ATTR_BUDGET_REASON)}`;
    default:
      return name;
  }
}

function limitNameOf(attributes: OtlpAttributes): LimitName {
  const limit = attributes[semconv.ATTR_BUDGET_LIMIT];
  return limit === 'tokens' || limit === 'calls' || limit === 'minutes' ? limit : 'costUsd';
}

function formatLimitOf(attributes: OtlpAttributes): string {
  const value = Number(attributes[semconv.ATTR_BUDGET_LIMIT_VALUE] ?? 0);
  return Number.isFinite(value) && value >= 0 ? formatLimit(limitNameOf(attributes), value) : 'its limit';
}

/** Formats an amount in the unit of the event's limit; for a limit in minutes, events have amounts in USD. */
function formatAmount(attributes: OtlpAttributes, key: string): string {
  const limit = limitNameOf(attributes);
  return formatLimitAmount(limit === 'minutes' ? 'costUsd' : limit, Number(attributes[key] ?? 0));
}
