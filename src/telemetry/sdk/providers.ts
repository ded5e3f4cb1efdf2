import { context, logs, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { defaultResource, detectResources, type ResourceDetector } from '@opentelemetry/resources';
import { LoggerProvider, type LogRecordProcessor } from '@opentelemetry/sdk-logs';
import { MeterProvider, type MetricReader } from '@opentelemetry/sdk-metrics';
import { type Sampler, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

/** The settings of the providers of all three signals. */
export interface ProviderSettings {
  /** Undefined if the environment names the detectors. */
  readonly resourceDetectors: ResourceDetector[] | undefined;
  readonly sampler: Sampler;
  readonly spanProcessors: SpanProcessor[];
  readonly metricReaders: MetricReader[];
  readonly logRecordProcessors: LogRecordProcessor[];
}

/**
 * Registers providers as `NodeSDK` does if none of the variables of {@link needsNodeSdk} is set. Loads a
 * third of its modules: `NodeSDK` loads every exporter, and this thread uses none.
 */
export function registerProviders(settings: ProviderSettings): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
  propagation.setGlobalPropagator(new CompositePropagator({ propagators }));
  const { sampler, spanProcessors, metricReaders: readers, logRecordProcessors: processors } = settings;
  const detected = detectResources({ detectors: settings.resourceDetectors ?? [] });
  const resource = defaultResource().merge(detected);
  if (readers.length > 0) metrics.setGlobalMeterProvider(new MeterProvider({ resource, readers }));
  trace.setGlobalTracerProvider(new TracerProvider({ resource, sampler, spanProcessors }));
  logs.setGlobalLoggerProvider(new LoggerProvider({ resource, processors }));
}

/** Variables with an effect that only `NodeSDK` implements, not {@link registerProviders}. */
const NODE_SDK_VARIABLES =
  /^OTEL_(SDK_DISABLED|LOG_LEVEL|PROPAGATORS|NODE_\w+|(ATTRIBUTE|SPAN|EVENT|LINK|LOGRECORD)_\w*(LIMIT|COUNT)\w*)$/;

/** Returns whether the environment asks for something that only `NodeSDK` implements. */
export function needsNodeSdk(env: Readonly<Record<string, string | undefined>>): boolean {
  return Object.keys(env).some((name) => NODE_SDK_VARIABLES.test(name) && env[name]?.trim() !== '');
}
