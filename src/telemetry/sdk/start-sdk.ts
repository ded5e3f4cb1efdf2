import { metrics } from '@opentelemetry/api';
import type { TokenBudgetTracker } from '../../budget/index.ts';
import type { PriceBook } from '../../pricing/index.ts';
import { loadEntryModule } from '../../util/index.ts';
import { hasTracerProvider } from '../api/index.ts';
import { type Env, isSdkDisabled } from '../environment/index.ts';
import { ExportChannel } from '../export/index.ts';
import { SCOPE, semconv } from '../names/index.ts';
import { recordBudgets, reportEvents } from '../signals/index.ts';
import { BudgetSpanProcessor, RecordModelCallsSampler } from '../vendors/index.ts';
import { findEnvironmentProblems } from './environment-problems.ts';
import { flushSync, handOver, startFlush } from './flush.ts';
import type * as NodeSdk from './node-sdk.ts';
import { createPipelines } from './pipelines.ts';
import { needsNodeSdk, type ProviderSettings, registerProviders } from './providers.ts';
import { createResourceDetectors } from './resource.ts';
import { createSampler } from './sampler-env.ts';

/** Where copies of the API find each other; only read, for a message. */
const API_KEY = Symbol.for('opentelemetry.js.api.1');

/** Options of {@link startSdk}. */
export interface TelemetryOptions {
  readonly tracker: TokenBudgetTracker;
  readonly prices: PriceBook;
  /** Version of this package. */
  readonly version: string;
  /** Default: `process.env`. */
  readonly env?: Env;
  /** Called with a sentence for people about whatever telemetry is lost by: a variable, or the end of our thread. */
  readonly onProblem?: (problem: string) => void;
}

/** Running telemetry. */
export interface Telemetry {
  /** Starts to send all pending telemetry without waiting, because the process may end soon. */
  startFlush(): void;
  /** Hands over what is recorded to the thread that sends it, which needs no event of this one; metrics are sent last. */
  handOver(): void;
  /** Resolves when all pending telemetry is sent. Rejects if that takes more than 30 s. */
  flush(): Promise<void>;
  /** Sends the spans that have ended; resolves to whether the receiver accepted them, undefined if none was sent. */
  sendSpans(): Promise<boolean | undefined>;
  /** Sends all pending telemetry at the exit of the process. Blocks for at most `timeoutMs`. */
  flushSync(timeoutMs: number): void;
}

/**
 * Starts the OpenTelemetry SDK as configured by its environment variables, with the budget's span processor
 * and sampler, and registers it as the global provider of traces, metrics and logs.
 */
export function startSdk(options: TelemetryOptions): Telemetry {
  const { tracker, prices, version, env = process.env, onProblem } = options;
  if (onProblem !== undefined) findEnvironmentProblems(env).forEach(onProblem);
  const channel = new ExportChannel(onProblem);
  let refresh = (_ending: boolean): void => undefined;
  const pipelines = createPipelines(channel, env, (ending) => refresh(ending));
  const settings: ProviderSettings = {
    resourceDetectors: createResourceDetectors(env),
    sampler: new RecordModelCallsSampler(createSampler(env)),
    spanProcessors: [new BudgetSpanProcessor({ tracker, prices }), ...pipelines.spans],
    metricReaders: [...pipelines.metrics],
    logRecordProcessors: [...pipelines.logs],
  };
  if (needsNodeSdk(env)) (loadEntryModule('telemetry/sdk/node-sdk') as typeof NodeSdk).startNodeSdk(settings);
  else registerProviders(settings);
  if (!hasTracerProvider() && !isSdkDisabled(env)) onProblem?.(describeForeignApi());
  const meter = metrics.getMeter(SCOPE, version);
  reportEvents(version);
  const recordStatuses = recordBudgets(meter);
  const reporting = meter.createGauge(semconv.METRIC_REPORTING, {
    description: '1 while the process is running, 0 after a clean exit.',
  });
  refresh = (ending) => {
    recordStatuses();
    reporting.record(ending ? 0 : 1);
  };
  return {
    startFlush: () => startFlush(pipelines),
    handOver: () => handOver(pipelines),
    flush: async () => {
      await Promise.all(
        [...pipelines.spans, ...pipelines.metrics, ...pipelines.logs].map((one) => one.forceFlush()),
      );
    },
    sendSpans: () => {
      handOver(pipelines);
      return channel.whenSent('TRACES');
    },
    flushSync: (timeoutMs) => flushSync(pipelines, channel, timeoutMs),
  };
}

/** Nothing could be registered, since a copy of the API made the global object that this one cannot use. */
function describeForeignApi(): string {
  const { version = 'of another kind' } = (Reflect.get(globalThis, API_KEY) ?? {}) as { version?: string };
  return (
    `the program has registered telemetry with @opentelemetry/api ${version}, which cannot be joined, so no spans, metrics ` +
    'or events are sent: expected 1.3 or later'
  );
}
