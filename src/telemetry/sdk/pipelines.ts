import { createRequire } from 'node:module';
import {
  ConsoleLogRecordExporter,
  type LogRecordProcessor,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { ConsoleMetricExporter, type MetricReader } from '@opentelemetry/sdk-metrics';
import { ConsoleSpanExporter, SimpleSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace';
import {
  type Env,
  readExporterNames,
  readPositiveNumber,
  readVariable,
  type Signal,
} from '../environment/index.ts';
import {
  createForwardingLogProcessor,
  createForwardingMetricExporter,
  createForwardingSpanProcessor,
  type ExportChannel,
} from '../export/index.ts';
import { BudgetMetricReader, type Refresh } from './metric-reader.ts';

const require = createRequire(import.meta.url);

/** The processors and readers that export telemetry, as set by `OTEL_{TRACES,METRICS,LOGS}_EXPORTER`. */
export interface Pipelines {
  /** Processors of spans. */
  readonly spans: readonly SpanProcessor[];
  /** Readers of metrics. */
  readonly metrics: readonly MetricReader[];
  /** Processors of log records. */
  readonly logs: readonly LogRecordProcessor[];
}

/**
 * Creates the pipelines that the environment asks for.
 *
 * @param refresh called before metrics are collected, to record values that are not recorded as they change
 */
export function createPipelines(channel: ExportChannel, env: Env, refresh: Refresh): Pipelines {
  return {
    spans: createEach('TRACES', env, (name) => {
      if (name === 'otlp') return createForwardingSpanProcessor(channel, readBatchOptions('BSP', env));
      return name === 'console'
        ? new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() })
        : undefined;
    }),
    metrics: createEach('METRICS', env, (name) => createMetricReader(name, channel, env, refresh)),
    logs: createEach('LOGS', env, (name) => {
      if (name === 'otlp') return createForwardingLogProcessor(channel, readBatchOptions('BLRP', env));
      return name === 'console'
        ? new SimpleLogRecordProcessor({ exporter: new ConsoleLogRecordExporter() })
        : undefined;
    }),
  };
}

function createEach<T>(signal: Signal, env: Env, create: (name: string) => T | undefined): T[] {
  return readExporterNames(env, signal).flatMap((name) => {
    const created = create(name);
    // Reported by findEnvironmentProblems.
    return created === undefined ? [] : [created];
  });
}

function createMetricReader(
  name: string,
  channel: ExportChannel,
  env: Env,
  refresh: Refresh,
): MetricReader | undefined {
  if (name === 'prometheus') return createPrometheusReader(env, refresh);
  const exporter =
    name === 'otlp'
      ? createForwardingMetricExporter(channel, env)
      : name === 'console'
        ? new ConsoleMetricExporter()
        : undefined;
  if (exporter === undefined) return undefined;
  const { interval = 60_000 } = readPositiveNumber(env, 'OTEL_METRIC_EXPORT_INTERVAL', 'interval');
  const { timeout = 30_000 } = readPositiveNumber(env, 'OTEL_METRIC_EXPORT_TIMEOUT', 'timeout');
  const times = { exportIntervalMillis: interval, exportTimeoutMillis: Math.min(interval, timeout) };
  return new BudgetMetricReader({ exporter, ...times }, refresh);
}

/** The exporter is loaded only if the environment names it. */
function createPrometheusReader(env: Env, refresh: Refresh): MetricReader {
  const { PrometheusExporter } = require('@opentelemetry/exporter-prometheus') as {
    PrometheusExporter: new (options: object) => MetricReader;
  };
  const host = readVariable(env, 'OTEL_EXPORTER_PROMETHEUS_HOST');
  const reader = new PrometheusExporter({
    ...(host === undefined ? {} : { host }),
    ...readPositiveNumber(env, 'OTEL_EXPORTER_PROMETHEUS_PORT', 'port'),
  });
  const collect = reader.collect.bind(reader);
  reader.collect = (...args) => {
    refresh(false);
    return collect(...args);
  };
  return reader;
}

function readBatchOptions(kind: 'BSP' | 'BLRP', env: Env) {
  return {
    ...readPositiveNumber(env, `OTEL_${kind}_MAX_QUEUE_SIZE`, 'maxQueueSize'),
    ...readPositiveNumber(env, `OTEL_${kind}_SCHEDULE_DELAY`, 'scheduledDelayMillis'),
    ...readPositiveNumber(env, `OTEL_${kind}_MAX_EXPORT_BATCH_SIZE`, 'maxExportBatchSize'),
  };
}
