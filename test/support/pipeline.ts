import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPO_ROOT } from './paths.ts';
import { freePorts, type Program, type Running, startProgram } from './programs.ts';

/** The programs of docker-compose.yml with the repository's own configuration; only addresses are others. */
export interface Pipeline {
  /** OTLP over HTTP. */
  readonly otlp: string;
  readonly jaeger: string;
  readonly prometheus: string;
  readonly victoriaLogs: string;
  readonly collector: Running;
  readonly close: () => Promise<void>;
}

/** Where a Collector sends to. Places where nobody listens will do. */
export interface Sinks {
  readonly jaegerPort: number;
  readonly prometheusPort: number;
  readonly victoriaLogsPort: number;
}

const loopback = (port: number | undefined): string => `127.0.0.1:${port}`;

/** The Collector with the repository's otel-collector.yaml. Its ports: OTLP over HTTP and gRPC, health, its own metrics. */
export function collectorProgram(sinks: Sinks, fixed?: readonly number[]): Program {
  return {
    name: 'otelcol',
    ports: 4,
    args: () => ['--config', join(REPO_ROOT, 'otel-collector.yaml')],
    env: ([http, grpc, health, telemetry]) => ({
      OTLP_HTTP_ENDPOINT: loopback(http),
      OTLP_GRPC_ENDPOINT: loopback(grpc),
      HEALTH_ENDPOINT: loopback(health),
      TELEMETRY_HOST: '127.0.0.1',
      TELEMETRY_PORT: String(telemetry),
      SPAN_METRICS_INTERVAL: '1s',
      JAEGER_ENDPOINT: loopback(sinks.jaegerPort),
      PROMETHEUS_ENDPOINT: `http://${loopback(sinks.prometheusPort)}`,
      VICTORIALOGS_ENDPOINT: `http://${loopback(sinks.victoriaLogsPort)}`,
    }),
    ready: ([, , health]) => `http://${loopback(health)}/`,
    ...(fixed === undefined ? {} : { fixed }),
  };
}

export function jaegerProgram(directory: string): Program {
  return {
    name: 'jaeger',
    ports: 4,
    args: () => ['--config', join(REPO_ROOT, 'pipeline', 'jaeger.yaml')],
    env: ([http, grpc, health, otlp]) => ({
      JAEGER_HTTP_ENDPOINT: loopback(http),
      JAEGER_GRPC_ENDPOINT: loopback(grpc),
      JAEGER_HEALTH_ENDPOINT: loopback(health),
      JAEGER_OTLP_ENDPOINT: loopback(otlp),
      JAEGER_DATA: join(directory, 'jaeger'),
    }),
    ready: ([, , health]) => `http://${loopback(health)}/status`,
  };
}

/** With the flags of the compose file; scrapes the Collector at a port. */
export function prometheusProgram(directory: string, collectorTelemetryPort: number): Program {
  const config = readFileSync(join(REPO_ROOT, 'pipeline', 'prometheus.yml'), 'utf8')
    .replace('otel-collector:8888', loopback(collectorTelemetryPort))
    .replace(/(scrape|evaluation)_interval: 15s/g, '$1_interval: 1s');
  const file = join(directory, 'prometheus.yml');
  writeFileSync(file, config);
  writeFileSync(join(directory, 'alerts.yml'), readFileSync(join(REPO_ROOT, 'pipeline', 'alerts.yml')));
  return {
    name: 'prometheus',
    ports: 1,
    args: ([port]) => [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(directory, 'prometheus')}`,
      `--web.listen-address=${loopback(port)}`,
      ...PROMETHEUS_FLAGS,
    ],
    ready: ([port]) => `http://${loopback(port)}/-/ready`,
  };
}

/** The flags that matter to the pipeline; test/pipeline/compose.test.ts compares them with the compose file. */
export const PROMETHEUS_FLAGS = [
  '--web.enable-otlp-receiver',
  '--enable-feature=exemplar-storage,created-timestamp-zero-ingestion',
];

export function victoriaLogsProgram(directory: string): Program {
  return {
    name: 'victoria-logs',
    ports: 1,
    args: ([port]) => [
      `-storageDataPath=${join(directory, 'victoria-logs')}`,
      `-httpListenAddr=${loopback(port)}`,
      '-retentionPeriod=30d',
    ],
    ready: ([port]) => `http://${loopback(port)}/health`,
  };
}

/** Starts all of it. */
export async function startPipeline(): Promise<Pipeline> {
  const directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-pipeline-'));
  const running: Running[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(running.map((one) => one.stop()));
    rmSync(directory, { recursive: true, force: true });
  };
  const start = async (program: Program): Promise<Running> => {
    const one = await startProgram(program);
    running.push(one);
    return one;
  };
  try {
    const [jaeger, victoriaLogs] = await Promise.all([
      start(jaegerProgram(directory)),
      start(victoriaLogsProgram(directory)),
    ]);
    const [telemetryPort = 0, ...rest] = await freePorts(4);
    const prometheus = await start(prometheusProgram(directory, telemetryPort));
    const sinks: Sinks = {
      jaegerPort: jaeger.ports[3] ?? 0,
      prometheusPort: prometheus.ports[0] ?? 0,
      victoriaLogsPort: victoriaLogs.ports[0] ?? 0,
    };
    const collector = await start(collectorProgram(sinks, [...rest, telemetryPort]));
    return {
      otlp: `http://${loopback(collector.ports[0])}`,
      jaeger: `http://${loopback(jaeger.ports[0])}`,
      prometheus: `http://${loopback(prometheus.ports[0])}`,
      victoriaLogs: `http://${loopback(victoriaLogs.ports[0])}`,
      collector,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
