import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ExportChannel } from './export-channel.ts';
import { plainLogs } from './plain.ts';

export interface LogBatchOptions {
  readonly maxQueueSize?: number;
  readonly maxExportBatchSize?: number;
  /** Milliseconds. */
  readonly scheduledDelayMillis?: number;
}

/**
 * Batches log records for the channel, one batch after the other, so that single records do not use up what may be under way while
 * no Collector takes them. Unlike the SDK's batch processor, whose flush waits between batches, its flush
 * hands over everything before it returns, as an exit needs. Defaults as in the OpenTelemetry specification.
 */
export class ForwardingLogProcessor implements LogRecordProcessor {
  readonly #channel: ExportChannel;
  readonly #maxQueueSize: number;
  readonly #maxExportBatchSize: number;
  readonly #delay: number;
  #queue: ReadableLogRecord[] = [];
  #timer: NodeJS.Timeout | undefined;
  #underWay = 0;

  constructor(channel: ExportChannel, options: LogBatchOptions = {}) {
    this.#channel = channel;
    this.#maxQueueSize = options.maxQueueSize ?? 2_048;
    this.#maxExportBatchSize = Math.min(options.maxExportBatchSize ?? 512, this.#maxQueueSize);
    this.#delay = options.scheduledDelayMillis ?? 1_000;
  }

  onEmit(record: ReadableLogRecord): void {
    if (this.#queue.length >= this.#maxQueueSize) return;
    this.#queue.push(record);
    if (this.#queue.length >= this.#maxExportBatchSize) this.#sendNext();
    this.#timer ??= setTimeout(() => this.#sendNext(), this.#delay).unref();
  }

  forceFlush(): Promise<void> {
    this.#sendAll();
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.forceFlush();
  }

  /** The end of the batch that is under way sends what came meanwhile. */
  #sendNext(): void {
    this.#stopTimer();
    if (this.#underWay === 0 && this.#queue.length > 0) this.#sendBatch();
  }

  #sendAll(): void {
    this.#stopTimer();
    while (this.#queue.length > 0) this.#sendBatch();
  }

  #sendBatch(): void {
    const batch = this.#queue.splice(0, this.#maxExportBatchSize);
    this.#underWay += 1;
    this.#channel.export('LOGS', plainLogs(batch), () => {
      this.#underWay -= 1;
      if (this.#queue.length > 0) this.#timer ??= setTimeout(() => this.#sendNext(), this.#delay).unref();
    });
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
