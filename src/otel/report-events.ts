import { logs, metrics } from '@opentelemetry/api';
import { onAnyBudgetEvent } from '../budget/index.ts';
import { writeBudgetEvent } from './budget-events.ts';
import * as semconv from './semconv.ts';
import { OUR_SCOPE } from './span-processor.ts';

let reporting = false;

/** Reports what happens to every budget of the process as log records, to whichever provider is registered; begun once. */
export function reportEvents(version: string): void {
  if (reporting) return;
  reporting = true;
  const logger = logs.getLogger(OUR_SCOPE, version);
  onAnyBudgetEvent((event) => {
    writeBudgetEvent(event, logger);
    if (event.type === 'store_unavailable') countFailure(event.budget, version);
  });
}

/** By the meter of now: one from before a provider was registered would record nothing. */
function countFailure(budget: string, version: string): void {
  const failures = metrics.getMeter(OUR_SCOPE, version).createCounter(semconv.METRIC_STORE_FAILURES, {
    unit: '{failure}',
    description: 'How often the store was found to be away.',
  });
  failures.add(1, { [semconv.ATTR_BUDGET_NAME]: budget });
}
