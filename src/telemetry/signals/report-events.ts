import { type Attributes, logs, type Meter, metrics } from '@opentelemetry/api';
import { reportBudgets } from '../context/index.ts';
import { SCOPE, semconv } from '../names/index.ts';
import { writeBudgetEvent } from './budget-events.ts';

let reporting = false;

/** Reports what happens to every budget of the process, as log records and metrics, to whichever provider is registered; begun once. */
export function reportEvents(version: string): void {
  if (reporting) return;
  reporting = true;
  const logger = logs.getLogger(SCOPE, version);
  // The one of now: one from before a provider was registered would record nothing.
  const meter = (): Meter => metrics.getMeter(SCOPE, version);
  reportBudgets({
    budget: ({ budget }) => recordAvailable(meter(), true, nameOf(budget.name)),
    event: (event) => {
      writeBudgetEvent(event, logger);
      if (event.type !== 'store_unavailable' && event.type !== 'store_available') return;
      const isAvailable = event.type === 'store_available';
      recordAvailable(meter(), isAvailable, nameOf(event.budget));
      if (!isAvailable) countFailure(meter(), nameOf(event.budget));
    },
  });
}

function countFailure(meter: Meter, budget: Attributes): void {
  const failures = meter.createCounter(semconv.METRIC_STORE_FAILURES, {
    unit: '{failure}',
    description: 'How often the store was found to be away.',
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
