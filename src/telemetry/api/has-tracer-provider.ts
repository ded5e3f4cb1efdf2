import { ProxyTracerProvider, trace } from 'opentelemetry-api-1.3';

/** The provider that the API uses until one is registered. */
const NO_PROVIDER = new ProxyTracerProvider().getDelegate();

/** Returns whether a tracer provider is registered, with whichever copy of the API. */
export function hasTracerProvider(): boolean {
  const provider: object = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== NO_PROVIDER;
}
