import {
  type Attributes,
  context,
  type Logger,
  logs,
  type Meter,
  metrics,
  SeverityNumber,
  trace,
} from '@opentelemetry/api';
import type { BudgetEvent } from '../../budget/index.ts';
import { reportBudgets } from '../context/index.ts';
import { SCOPE, semconv } from '../names/index.ts';
import { BUDGET_EVENTS, describeEvent, eventAttributes } from './budget-events.ts';

let reporting = false;

/**
 * Reports the events of every budget of the process, as log records and metrics, to whichever provider is
 * registered. Starts once; later calls do nothing.
 */
export function reportEvents(version: string): void {
  if (reporting) return;
  reporting = true;
  const logger = logs.getLogger(SCOPE, version);
  // Read each time: a meter from before a provider was registered would record nothing.
  const meter = (): Meter => metrics.getMeter(SCOPE, version);
  reportBudgets({
    onBudget: ({ budget }) => recordAvailable(meter(), true, nameOf(budget.name)),
    onEvent: (event) => {
      writeBudgetEvent(event, logger);
      if (event.type !== 'store_unavailable' && event.type !== 'store_available') return;
      const isAvailable = event.type === 'store_available';
      recordAvailable(meter(), isAvailable, nameOf(event.budget));
      if (!isAvailable) countFailure(meter(), nameOf(event.budget));
    },
  });
}

/**
 * Writes an event as a log record, in the context of the call that caused it, and as an event of that call's span
 * while it is open.
 */
function writeBudgetEvent(event: BudgetEvent, logger: Logger): void {
  const [name, usual] = BUDGET_EVENTS[event.type];
  const failed = event.type === 'call' && event.error !== undefined;
  const severityNumber = failed ? SeverityNumber.ERROR : usual;
  const active = context.active();
  // The span of a call has all of it already.
  const span = event.type === 'call' ? undefined : trace.getSpan(active);
  const isRecording = span?.isRecording() === true;
  const isLogged = logger.enabled({ context: active, severityNumber, eventName: name });
  if (!isRecording && !isLogged) return;
  const attributes = eventAttributes(event);
  if (isRecording) span.addEvent(name, attributes);
  if (!isLogged) return;
  logger.emit({
    eventName: name,
    severityNumber,
    severityText: SeverityNumber[severityNumber],
    body: describeEvent(event),
    attributes,
    context: active,
  });
}

function countFailure(meter: Meter, budget: Attributes): void {
  const failures = meter.createCounter(semconv.METRIC_STORE_FAILURES, {
    unit: '{failure}',
    description: 'How often the store was found to be unavailable.',
  });
  failures.add(1, budget);
}

function recordAvailable(meter: Meter, isAvailable: boolean, budget: Attributes): void {
  const available = meter.createGauge(semconv.METRIC_STORE_AVAILABLE, {
    description: 'Whether the store of the budget can be reached: 1, or 0.',
  });
  available.record(Number(isAvailable), budget);
}

function nameOf(budget: string): Attributes {
  return { [semconv.ATTR_BUDGET_NAME]: budget };
}
