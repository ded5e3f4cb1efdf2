import {
  AggregationTemporality,
  InstrumentType,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { type Env, text } from './env.ts';
import type { ExportChannel } from './export-channel.ts';
import { plainMetrics, plainSpans } from './plain.ts';

type Done = Parameters<SpanExporter['export']>[1];

/** Exporters whose work is done by the thread at the other end of the channel. */
export function forwardSpans(channel: ExportChannel): SpanExporter {
  return {
    export: (spans: ReadableSpan[], done: Done) => channel.export('TRACES', plainSpans(spans), done),
    shutdown: settled,
  };
}

export function forwardMetrics(channel: ExportChannel, env: Env): PushMetricExporter {
  return {
    export: (metrics: ResourceMetrics, done: Done) => channel.export('METRICS', plainMetrics(metrics), done),
    selectAggregationTemporality: temporality(env),
    forceFlush: settled,
    shutdown: settled,
  };
}

function settled(): Promise<void> {
  return Promise.resolve();
}

/** `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`: cumulative, delta or lowmemory. */
function temporality(env: Env): (type: InstrumentType) => AggregationTemporality {
  const preference = text(env, 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE')?.toLowerCase();
  const delta: InstrumentType[] = [];
  if (preference === 'delta' || preference === 'lowmemory')
    delta.push(InstrumentType.COUNTER, InstrumentType.HISTOGRAM);
  if (preference === 'delta') delta.push(InstrumentType.OBSERVABLE_COUNTER);
  return (type) => (delta.includes(type) ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE);
}
