import { TraceFlags } from '@opentelemetry/api';
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { serializeLogRecords, serializeSpans } from './serialize.ts';
import { type BatchOptions, ForwardingBatch } from './worker-batch.ts';
import type { ExportChannel } from './worker-channel.ts';

/** A processor that can hand over its items to the channel at once, without waiting until they are sent. */
export interface HandsOver {
  /** Hands over all items. */
  handOver(): void;
}

/** Creates a span processor that batches sampled spans for the channel, with the specification's defaults. */
export function createForwardingSpanProcessor(
  channel: ExportChannel,
  options: BatchOptions,
): SpanProcessor & HandsOver {
  const batch = new ForwardingBatch<ReadableSpan>(channel, 'TRACES', serializeSpans, 5_000, options);
  const flush = (): Promise<void> => {
    batch.flush();
    return channel.flush('TRACES');
  };
  return {
    handOver: () => batch.flush(),
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
): LogRecordProcessor & HandsOver {
  const batch = new ForwardingBatch<ReadableLogRecord>(channel, 'LOGS', serializeLogRecords, 1_000, options);
  const flush = (): Promise<void> => {
    batch.flush();
    return channel.flush('LOGS');
  };
  return {
    handOver: () => batch.flush(),
    onEmit: (record) => batch.add(record),
    forceFlush: flush,
    shutdown: flush,
  };
}
