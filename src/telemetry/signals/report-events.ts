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
import type { BudgetEvent, ExceededReservationEvent } from '../../budget/index.ts';
import { reportBudgets } from '../context/index.ts';
import { SCOPE, semconv } from '../names/index.ts';
import { BUDGET_EVENTS, describeEvent, eventAttributes } from './budget-events.ts';

let reporting = false;

/**
 * Reports the events of every budget in the process as log records and metrics, to the registered providers.
 * Repeated calls do nothing.
 */
export function reportEvents(version: string): void {
  if (reporting) return;
  reporting = true;
  const logger = logs.getLogger(SCOPE, version);
  // Looked up each time: a meter created before a provider was registered records nothing.
  const meter = (): Meter => metrics.getMeter(SCOPE, version);
  reportBudgets({
    onBudget: ({ budget }) => recordAvailability(meter(), true, budgetAttributes(budget.name)),
    onEvent: (event) => {
      writeBudgetEvent(event, logger);
      if (event.type === 'exceeded_reservation') countExceeded(meter(), event);
      if (event.type === 'ledger_lost') countLoss(meter(), budgetAttributes(event.budget));
      if (event.type !== 'store_unavailable' && event.type !== 'store_available') return;
      const isAvailable = event.type === 'store_available';
      recordAvailability(meter(), isAvailable, budgetAttributes(event.budget));
      if (!isAvailable) countStoreFailure(meter(), budgetAttributes(event.budget));
    },
  });
}

/**
 * Writes an event as a log record in the context of the call that caused it, and as an event of that call's
 * span while the span is open.
 */
function writeBudgetEvent(event: BudgetEvent, logger: Logger): void {
  const [name, usualSeverity] = BUDGET_EVENTS[event.type];
  const failed = event.type === 'call' && event.error !== undefined;
  const severityNumber = failed ? SeverityNumber.ERROR : usualSeverity;
  const active = context.active();
  // The span of a call already has these attributes.
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

function countStoreFailure(meter: Meter, budget: Attributes): void {
  const failures = meter.createCounter(semconv.METRIC_STORE_FAILURES, {
    unit: '{failure}',
    description: 'Number of times that the store became unavailable.',
  });
  failures.add(1, budget);
}

function countExceeded(meter: Meter, { budget, model, reason }: ExceededReservationEvent): void {
  const exceeded = meter.createCounter(semconv.METRIC_EXCEEDED_RESERVATIONS, {
    unit: '{call}',
    description: 'Number of calls that cost more than was reserved for them.',
  });
  exceeded.add(1, {
    ...budgetAttributes(budget),
    [semconv.ATTR_BUDGET_REASON]: reason,
    [semconv.ATTR_REQUEST_MODEL]: model,
  });
}

function countLoss(meter: Meter, budget: Attributes): void {
  const losses = meter.createCounter(semconv.METRIC_STORE_LOSSES, {
    unit: '{loss}',
    description: 'Number of times that the ledger lost what was spent.',
  });
  losses.add(1, budget);
}

function recordAvailability(meter: Meter, isAvailable: boolean, budget: Attributes): void {
  const availability = meter.createGauge(semconv.METRIC_STORE_AVAILABLE, {
    description: '1 if the store of the budget can be reached, otherwise 0.',
  });
  availability.record(Number(isAvailable), budget);
}

function budgetAttributes(budget: string): Attributes {
  return { [semconv.ATTR_BUDGET_NAME]: budget };
}
