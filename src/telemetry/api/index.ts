/**
 * The OpenTelemetry API by which this package joins the telemetry of the host. A copy of the API ignores what was
 * registered by a copy of an earlier minor release (`isCompatible` in its `internal/semver`), so this is the
 * earliest release with metrics: it joins what a host has registered with any of 1.3 to 1.x. The SDK that this
 * package starts registers itself with the latest, which every copy accepts.
 *
 * Keys of contexts are global symbols, so all copies read the same active span, baggage and budget.
 */
export {
  type Attributes,
  type Context,
  type Counter,
  context,
  createContextKey,
  diag,
  type Histogram,
  type HrTime,
  type Link,
  type Meter,
  type MeterProvider,
  type MetricOptions,
  metrics,
  propagation,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from 'opentelemetry-api-1.3';
export { type EventLogger, type EventRecord, eventLogger, type Severity } from './event-logger.ts';
export { failOpen } from './fail-open.ts';
export { flushProviders } from './flush-providers.ts';
export { hasTracerProvider } from './has-tracer-provider.ts';
export { createHistogram } from './histogram.ts';
export { createLastValue, type RecordLastValue } from './last-value.ts';
