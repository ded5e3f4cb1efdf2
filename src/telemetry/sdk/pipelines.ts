import { createRequire } from 'node:module';
import { diag } from '@opentelemetry/api';
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

/** What leads telemetry out of the process, as `OTEL_{TRACES,METRICS,LOGS}_EXPORTER` say. */
export interface Pipelines {
  readonly spans: readonly SpanProcessor[];
  readonly metrics: readonly MetricReader[];
  readonly logs: readonly LogRecordProcessor[];
}

/** @param refresh records, before metrics are collected, what is not recorded as it happens */
export function createPipelines(channel: ExportChannel, env: Env, refresh: Refresh): Pipelines {
  return {
    spans: each('TRACES', env, (name) => {
      if (name === 'otlp') return createForwardingSpanProcessor(channel, batchOf('BSP', env));
      return name === 'console'
        ? new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() })
        : undefined;
    }),
    metrics: each('METRICS', env, (name) => metricReader(name, channel, env, refresh)),
    logs: each('LOGS', env, (name) => {
      if (name === 'otlp') return createForwardingLogProcessor(channel, batchOf('BLRP', env));
      return name === 'console'
        ? new SimpleLogRecordProcessor({ exporter: new ConsoleLogRecordExporter() })
        : undefined;
    }),
  };
}

function each<T>(signal: Signal, env: Env, make: (name: string) => T | undefined): T[] {
  return readExporterNames(env, signal).flatMap((name) => {
    const made = make(name);
    if (made === undefined) diag.warn(`OTEL_${signal}_EXPORTER: "${name}" is not known and left out`);
    return made === undefined ? [] : [made];
  });
}

function metricReader(
  name: string,
  channel: ExportChannel,
  env: Env,
  refresh: Refresh,
): MetricReader | undefined {
  if (name === 'prometheus') return prometheusReader(env, refresh);
  const exporter =
    name === 'otlp'
      ? createForwardingMetricExporter(channel, env)
      : name === 'console'
        ? new ConsoleMetricExporter()
        : undefined;
  if (exporter === undefined) return undefined;
  const { every = 60_000 } = readPositiveNumber(env, 'OTEL_METRIC_EXPORT_INTERVAL', 'every');
  const { within = 30_000 } = readPositiveNumber(env, 'OTEL_METRIC_EXPORT_TIMEOUT', 'within');
  const times = { exportIntervalMillis: every, exportTimeoutMillis: Math.min(every, within) };
  return new BudgetMetricReader({ exporter, ...times }, refresh);
}

/** Loaded only if it is asked for. */
function prometheusReader(env: Env, refresh: Refresh): MetricReader {
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

function batchOf(kind: 'BSP' | 'BLRP', env: Env) {
  return {
    ...readPositiveNumber(env, `OTEL_${kind}_MAX_QUEUE_SIZE`, 'maxQueueSize'),
    ...readPositiveNumber(env, `OTEL_${kind}_SCHEDULE_DELAY`, 'scheduledDelayMillis'),
    ...readPositiveNumber(env, `OTEL_${kind}_MAX_EXPORT_BATCH_SIZE`, 'maxExportBatchSize'),
  };
}
