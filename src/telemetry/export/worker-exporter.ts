import {
  AggregationTemporality,
  InstrumentType,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { type Env, readVariable } from '../environment/index.ts';
import { EXPORT_SUCCESS } from './export-result.ts';
import { serializeMetrics } from './serialize.ts';
import type { ExportChannel } from './worker-channel.ts';

/**
 * Creates an exporter that forwards metrics to the worker thread. It reports success immediately: the reader
 * does not use the result, and would wait for it with a timer that keeps the process alive.
 */
export function createForwardingMetricExporter(channel: ExportChannel, env: Env): PushMetricExporter {
  return {
    export: (metrics: ResourceMetrics, done) => {
      channel.export('METRICS', serializeMetrics(metrics), () => undefined);
      done({ code: EXPORT_SUCCESS });
    },
    selectAggregationTemporality: selectTemporality(env),
    forceFlush: () => channel.flush('METRICS'),
    shutdown: resolveImmediately,
  };
}

function resolveImmediately(): Promise<void> {
  return Promise.resolve();
}

/** Reads `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`: cumulative, delta or lowmemory. */
function selectTemporality(env: Env): (type: InstrumentType) => AggregationTemporality {
  const preference = readVariable(env, 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE')?.toLowerCase();
  const delta: InstrumentType[] = [];
  if (preference === 'delta' || preference === 'lowmemory')
    delta.push(InstrumentType.COUNTER, InstrumentType.HISTOGRAM);
  if (preference === 'delta') delta.push(InstrumentType.OBSERVABLE_COUNTER);
  return (type) => (delta.includes(type) ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE);
}
