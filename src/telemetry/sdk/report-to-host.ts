import { metrics } from '@opentelemetry/api';
import { SCOPE } from '../names/index.ts';
import { observeBudgets, reportEvents } from '../signals/index.ts';

/** Reports the budgets to the providers that the host has registered. */
export function reportToHost(version: string): void {
  reportEvents(version);
  observeBudgets(metrics.getMeter(SCOPE, version));
}
