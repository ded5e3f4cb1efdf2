import { metrics, trace } from 'opentelemetry-api-1.3';
import { flushLogs } from './event-logger.ts';

interface Flushable {
  readonly forceFlush?: () => Promise<unknown>;
  readonly getDelegate?: () => Flushable;
}

/** Has the registered providers send what is recorded; resolves when they have. */
export async function flushProviders(): Promise<void> {
  const registered: Flushable[] = [
    trace.getTracerProvider() as Flushable,
    metrics.getMeterProvider() as Flushable,
  ];
  const providers = registered.map((provider) => provider.getDelegate?.() ?? provider);
  await Promise.all([...providers.map((provider) => provider.forceFlush?.()), flushLogs()]);
}
