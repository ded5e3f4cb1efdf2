import { ProxyTracerProvider, trace } from '@opentelemetry/api';

/** What the API hands out where nobody has registered a provider. */
const NONE = new ProxyTracerProvider().getDelegate();

/** Whether the application, or a preload before ours, has registered a tracer provider of its own. */
export function hasTracerProvider(): boolean {
  const provider = trace.getTracerProvider();
  return !('getDelegate' in provider) || (provider as ProxyTracerProvider).getDelegate() !== NONE;
}
