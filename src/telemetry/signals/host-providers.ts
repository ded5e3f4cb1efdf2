import { metrics } from '../api/index.ts';
import { SCOPE } from '../names/index.ts';
import { observeBudgets } from './budget-metrics.ts';
import { reportEvents } from './report-events.ts';

/** Reports events and metrics of all budgets to the providers registered by the host. */
export function reportToHostProviders(version: string): void {
  reportEvents(version);
  observeBudgets(metrics.getMeter(SCOPE, version));
}
