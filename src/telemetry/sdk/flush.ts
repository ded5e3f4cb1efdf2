import type { ExportChannel, HandsOver } from '../export/index.ts';
import { BudgetMetricReader } from './metric-reader.ts';
import type { Pipelines } from './pipelines.ts';

/** For how long after {@link startFlush} spans and log records are sent as soon as they are recorded, milliseconds. */
const HURRY_MS = 10_000;

/** How often they are sent meanwhile, milliseconds: PM2 kills a process 1.6 seconds after its signal. */
const HURRY_INTERVAL_MS = 250;

/**
 * Starts to send what is recorded. For a while spans and log records do not wait for a batch to fill: the process was asked
 * to end, and may be killed once its last calls are answered. It does not keep the process alive.
 */
export function startFlush(pipelines: Pipelines): void {
  handOver(pipelines);
  for (const reader of pipelines.metrics) reader.forceFlush().catch(() => undefined);
  const timer = setInterval(() => handOver(pipelines), HURRY_INTERVAL_MS).unref();
  setTimeout(() => clearInterval(timer), HURRY_MS).unref();
}

/** Hands over spans and log records to the thread that sends them, synchronously. */
export function handOver({ spans, logs: records }: Pipelines): void {
  for (const processor of [...spans, ...records]) {
    const { handOver: own }: Partial<HandsOver> = processor as Partial<HandsOver>;
    if (own === undefined) processor.forceFlush().catch(() => undefined);
    else own();
  }
}

/** Hands over spans and log records, collects metrics synchronously, and waits until all of it is sent. */
export function flushSync(pipelines: Pipelines, channel: ExportChannel, timeoutMs: number): void {
  if (timeoutMs === 0) return;
  handOver(pipelines);
  for (const reader of pipelines.metrics) if (reader instanceof BudgetMetricReader) reader.exportNow();
  channel.flushSync(timeoutMs);
}
