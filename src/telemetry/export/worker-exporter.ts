import {
  AggregationTemporality,
  InstrumentType,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { type Env, readVariable } from '../environment/index.ts';
import { serializeMetrics } from './serialize.ts';
import { EXPORT_SUCCESS, type ExportChannel } from './worker-channel.ts';

/**
 * An exporter whose work is done by the thread at the other end of the channel. It answers at once: the
 * reader waits for an answer with a timer that would hold the process, and has no use for it.
 */
export function createForwardingMetricExporter(channel: ExportChannel, env: Env): PushMetricExporter {
  return {
    export: (metrics: ResourceMetrics, done) => {
      channel.export('METRICS', serializeMetrics(metrics), () => undefined);
      done({ code: EXPORT_SUCCESS });
    },
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
  const preference = readVariable(env, 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE')?.toLowerCase();
  const delta: InstrumentType[] = [];
  if (preference === 'delta' || preference === 'lowmemory')
    delta.push(InstrumentType.COUNTER, InstrumentType.HISTOGRAM);
  if (preference === 'delta') delta.push(InstrumentType.OBSERVABLE_COUNTER);
  return (type) => (delta.includes(type) ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE);
}
