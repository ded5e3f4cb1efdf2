import { metrics, ProxyTracerProvider, trace } from '@opentelemetry/api';
import { SCOPE } from '../names/index.ts';
import { observeBudgets, reportEvents } from '../signals/index.ts';

/** What the API hands out until a provider is registered. */
const NONE = new ProxyTracerProvider().getDelegate();

/** Whether the application, or a preload before ours, has registered a tracer provider of its own. */
export function hasTracerProvider(): boolean {
  const provider = trace.getTracerProvider();
  return !('getDelegate' in provider) || (provider as ProxyTracerProvider).getDelegate() !== NONE;
}

/** Reports the budgets to the providers that the host has registered. */
export function reportToHost(version: string): void {
  reportEvents(version);
  observeBudgets(metrics.getMeter(SCOPE, version));
}
