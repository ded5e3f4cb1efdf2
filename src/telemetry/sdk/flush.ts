import type { ExportChannel } from '../export/index.ts';
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
export function startFlush({ spans, metrics: readers, logs: records }: Pipelines): void {
  const flush = (parts: Iterable<{ forceFlush(): Promise<void> }>): void => {
    for (const part of parts) part.forceFlush().catch(() => undefined);
  };
  flush([...spans, ...records, ...readers]);
  const timer = setInterval(() => flush([...spans, ...records]), HURRY_INTERVAL_MS).unref();
  setTimeout(() => clearInterval(timer), HURRY_MS).unref();
}

/** Flushes the processors, which hand over their items synchronously, and collects metrics synchronously. */
export function flushSync(
  { spans, metrics: readers, logs: records }: Pipelines,
  channel: ExportChannel,
  timeoutMs: number,
): void {
  if (timeoutMs === 0) return;
  for (const processor of [...spans, ...records]) processor.forceFlush().catch(() => undefined);
  for (const reader of readers) if (reader instanceof BudgetMetricReader) reader.exportNow();
  channel.flushSync(timeoutMs);
}
