import { TraceFlags } from '@opentelemetry/api';
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { serializeLogRecords, serializeSpans } from './serialize.ts';
import { type BatchOptions, ForwardingBatch } from './worker-batch.ts';
import type { ExportChannel } from './worker-channel.ts';

/** Creates a span processor that batches sampled spans for the channel, with the specification's defaults. */
export function createForwardingSpanProcessor(channel: ExportChannel, options: BatchOptions): SpanProcessor {
  const batch = new ForwardingBatch<ReadableSpan>(channel, 'TRACES', serializeSpans, 5_000, options);
  const flush = (): Promise<void> => {
    batch.flush();
    return Promise.resolve();
  };
  return {
    onStart: () => undefined,
    onEnd: (span) => {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) batch.add(span);
    },
    forceFlush: flush,
    shutdown: flush,
  };
}

/** Creates a log processor that batches records for the channel, with the specification's defaults. */
export function createForwardingLogProcessor(
  channel: ExportChannel,
  options: BatchOptions,
): LogRecordProcessor {
  const batch = new ForwardingBatch<ReadableLogRecord>(channel, 'LOGS', serializeLogRecords, 1_000, options);
  const flush = (): Promise<void> => {
    batch.flush();
    return Promise.resolve();
  };
  return { onEmit: (record) => batch.add(record), forceFlush: flush, shutdown: flush };
}
