import { logs, metrics } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { TokenBudgetTracker } from '../budget/index.ts';
import type { PriceBook } from '../pricing/index.ts';
import { writeBudgetEvent } from './budget-events.ts';
import { observeBudget } from './budget-metrics.ts';
import type { Env } from './env.ts';
import { ExportChannel } from './export-channel.ts';
import { type Pipelines, pipelinesFromEnv } from './pipelines.ts';
import { RecordModelCallsSampler } from './sampler.ts';
import { samplerFromEnv } from './sampler-env.ts';
import { BudgetSpanProcessor, OUR_SCOPE } from './span-processor.ts';

export interface TelemetryOptions {
  readonly tracker: TokenBudgetTracker;
  readonly prices: PriceBook;
  readonly version: string;
  readonly env?: Env;
}

/** Telemetry that is running. */
export interface Telemetry {
  /** Sends what is not sent yet, blocking for at most that many milliseconds: for the exit of the process. */
  flushSync(timeoutMs: number): void;
}

/**
 * Starts the OpenTelemetry SDK as its environment variables say, with the budget's span processor and sampler, and
 * registers it as the global provider of traces, metrics and logs.
 */
export function startSdk(options: TelemetryOptions): Telemetry {
  const { tracker, prices, env = process.env } = options;
  const channel = new ExportChannel();
  const pipelines = pipelinesFromEnv(channel, env);
  const sdk = new NodeSDK({
    sampler: new RecordModelCallsSampler(samplerFromEnv(env)),
    spanProcessors: [new BudgetSpanProcessor({ tracker, prices }), ...pipelines.spans],
    metricReaders: [...pipelines.metrics],
    logRecordProcessors: [...pipelines.logs],
  });
  sdk.start();
  reportBudget(options);
  return { flushSync: (timeoutMs) => flushSync(pipelines, channel, timeoutMs) };
}

/** Writes the budget's events and gauges to whatever providers are registered. */
export function reportBudget({ tracker, version }: TelemetryOptions): void {
  const logger = logs.getLogger(OUR_SCOPE, version);
  tracker.on((event) => writeBudgetEvent(event, logger));
  observeBudget(metrics.getMeter(OUR_SCOPE, version), tracker);
}

/**
 * Every step up to the channel runs without waiting for anything but promises that are settled: the processors
 * hand over what they hold at once, a metric reader collects in a few microtasks, which are run here because an
 * exit runs none.
 */
function flushSync(
  { spans, metrics: readers, logs: records }: Pipelines,
  channel: ExportChannel,
  timeoutMs: number,
): void {
  if (timeoutMs === 0) return;
  for (const flushed of [...spans, ...records, ...readers].map((one) => one.forceFlush()))
    flushed.catch(() => undefined);
  runMicrotasks();
  channel.flushSync(timeoutMs);
}

/** Node's own way to do so, without a public name; where it is gone, the last metrics are not sent at exit. */
function runMicrotasks(): void {
  const tick: unknown = Reflect.get(process, '_tickCallback');
  if (typeof tick === 'function') tick.call(process);
}
