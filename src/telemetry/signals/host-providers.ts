import { metrics, ProxyTracerProvider, trace } from '@opentelemetry/api';
import { SCOPE } from '../names/index.ts';
import { observeBudgets } from './budget-metrics.ts';
import { reportEvents } from './report-events.ts';

/** The provider that the API uses until one is registered. */
const NO_PROVIDER = new ProxyTracerProvider().getDelegate();

/** Returns whether the application, or an earlier preload, has registered its own tracer provider. */
export function hasTracerProvider(): boolean {
  const provider = trace.getTracerProvider();
  return !('getDelegate' in provider) || (provider as ProxyTracerProvider).getDelegate() !== NO_PROVIDER;
}

/** Reports events and metrics of all budgets to the providers registered by the host. */
export function reportToHostProviders(version: string): void {
  reportEvents(version);
  observeBudgets(metrics.getMeter(SCOPE, version));
}
