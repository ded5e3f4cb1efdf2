import { metrics } from '@opentelemetry/api';
import { observeBudgets } from './budget-metrics.ts';
import { reportEvents } from './report-events.ts';
import { OUR_SCOPE } from './span-processor.ts';

/** Reports the budgets to the providers that the host has registered. */
export function reportToHost(version: string): void {
  reportEvents(version);
  observeBudgets(metrics.getMeter(OUR_SCOPE, version));
}
