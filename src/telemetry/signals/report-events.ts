import type { BudgetEvent, CallEvent, ExceededReservationEvent } from '../../budget/index.ts';
import { nanoToUsd } from '../../pricing/index.ts';
import { processState } from '../../util/index.ts';
import {
  type Attributes,
  context,
  createLastValue,
  type EventLogger,
  type EventRecord,
  eventLogger,
  type Meter,
  metrics,
  trace,
} from '../api/index.ts';
import { reportBudgets } from '../context/index.ts';
import { SCOPE, semconv } from '../names/index.ts';
import { BUDGET_EVENTS, describeEvent, eventAttributes } from './budget-events.ts';
import { createCallInstruments } from './call-instruments.ts';

const shared = processState('event-reports', () => ({ isReporting: false }));

/**
 * Reports the events of every budget in the process as log records and metrics, to the registered providers.
 * Repeated calls do nothing.
 */
export function reportEvents(version: string): void {
  if (shared.isReporting) return;
  shared.isReporting = true;
  const logger = eventLogger(SCOPE, version);
  // Looked up each time: a meter created before a provider was registered records nothing.
  const meter = (): Meter => metrics.getMeter(SCOPE, version);
  reportBudgets({
    onBudget: ({ budget }) => recordAvailability(meter(), true, budgetAttributes(budget.name)),
    onEvent: (event) => {
      writeBudgetEvent(event, logger);
      if (event.type === 'call') recordCost(meter(), event);
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
function writeBudgetEvent(event: BudgetEvent, logger: EventLogger): void {
  const [eventName, usualSeverity] = BUDGET_EVENTS[event.type];
  const failed = event.type === 'call' && event.error !== undefined;
  const active = context.active();
  const record: EventRecord = { eventName, severity: failed ? 'ERROR' : usualSeverity, context: active };
  // The span of a call already has these attributes.
  const span = event.type === 'call' ? undefined : trace.getSpan(active);
  const isRecording = span?.isRecording() === true;
  const write = logger.writerOf(record);
  if (!isRecording && write === undefined) return;
  const attributes = eventAttributes(event);
  if (isRecording) span.addEvent(eventName, attributes);
  write?.({ body: describeEvent(event), attributes });
}

function countStoreFailure(meter: Meter, budget: Attributes): void {
  const failures = meter.createCounter(semconv.METRIC_STORE_FAILURES, {
    unit: '{failure}',
    description: 'Number of times that the store became unavailable.',
  });
  failures.add(1, budget);
}

/** Records the cost of a call that was not made through this package, which records the others with their attributes. */
function recordCost(meter: Meter, { origin, operation, model, budget, charged }: CallEvent): void {
  if ((origin !== 'span' && origin !== 'record') || charged.costNanoUsd === 0) return;
  const { cost, callCost } = callInstruments(meter);
  const attributes = {
    [semconv.ATTR_OPERATION_NAME]: operation,
    [semconv.ATTR_REQUEST_MODEL]: model,
    ...budgetAttributes(budget),
  };
  cost.add(nanoToUsd(charged.costNanoUsd), attributes);
  callCost.record(nanoToUsd(charged.costNanoUsd), attributes);
}

const callInstruments = oncePerMeter(createCallInstruments);

/** Creates what records on a meter once for each: the meter changes when a provider is registered. */
function oncePerMeter<T>(create: (meter: Meter) => T): (meter: Meter) => T {
  const created = new WeakMap<Meter, T>();
  return (meter) => {
    const value = created.get(meter) ?? create(meter);
    created.set(meter, value);
    return value;
  };
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

const availabilityOf = oncePerMeter((meter) =>
  createLastValue(meter, semconv.METRIC_STORE_AVAILABLE, {
    description: '1 if the store of the budget can be reached, otherwise 0.',
  }),
);

function recordAvailability(meter: Meter, isAvailable: boolean, budget: Attributes): void {
  availabilityOf(meter)(Number(isAvailable), budget);
}

function budgetAttributes(budget: string): Attributes {
  return { [semconv.ATTR_BUDGET_NAME]: budget };
}
