import { metrics, ProxyTracerProvider, trace } from '@opentelemetry/api';
import { SCOPE } from '../names/index.ts';
import { observeBudgets } from './budget-metrics.ts';
import { reportEvents } from './report-events.ts';

/** The provider that the API uses until one is registered. */
const NO_PROVIDER = new ProxyTracerProvider().getDelegate();

/** Whether the application, or a preload before ours, has registered a tracer provider of its own. */
export function hasTracerProvider(): boolean {
  const provider = trace.getTracerProvider();
  return !('getDelegate' in provider) || (provider as ProxyTracerProvider).getDelegate() !== NO_PROVIDER;
}

/** Reports the budgets to the providers that the host has registered. */
export function reportToHostProviders(version: string): void {
  reportEvents(version);
  observeBudgets(metrics.getMeter(SCOPE, version));
}
