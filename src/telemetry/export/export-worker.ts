/**
 * The worker thread that sends telemetry. It loads the exporters that the OpenTelemetry environment names and
 * passes them the items from the application's thread. Neither serialization nor a slow Collector costs that
 * thread anything, and the last items can be sent while that thread waits at its exit.
 */
import module, { createRequire } from 'node:module';
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { type Protocol, readEndpoint, readProtocol, type Signal } from '../environment/index.ts';
import { EXPORT_FAILED, EXPORT_SUCCESS } from './export-result.ts';
import { type Exporter, RetryingExporter } from './retrying-exporter.ts';
import { ENDED, type ExportMessage, FLUSHED, type WorkerData } from './worker-data.ts';

/** Milliseconds that a Collector may take to accept a connection before the exit stops waiting for it. */
const CONNECT_MS = 250;

/**
 * Milliseconds during which an export is retried while no Collector accepts it. Metrics are cumulative: the
 * next export includes the values of a lost one, so they are not retried as long as spans and logs.
 */
const RETRY_MS: Readonly<Record<Signal, number>> = { TRACES: 300_000, LOGS: 300_000, METRICS: 10_000 };

// A thread does not share the compile cache of the process. The exporters are loaded from it.
module.enableCompileCache();

const require = createRequire(import.meta.url);

const PACKAGE_SUFFIXES: Readonly<Record<Protocol, string>> = {
  'http/json': 'http',
  'http/protobuf': 'proto',
  grpc: 'grpc',
};
const EXPORTER_CLASSES: Readonly<Record<Signal, readonly [part: string, name: string]>> = {
  TRACES: ['trace', 'OTLPTraceExporter'],
  METRICS: ['metrics', 'OTLPMetricExporter'],
  LOGS: ['logs', 'OTLPLogExporter'],
};

const exporters = new Map<Signal, RetryingExporter>();
const sending = new Set<Promise<void>>();
const data = workerData as WorkerData;

function getExporter(signal: Signal): RetryingExporter {
  let exporter = exporters.get(signal);
  if (exporter === undefined) {
    const [part, name] = EXPORTER_CLASSES[signal];
    const id = `@opentelemetry/exporter-${part}-otlp-${PACKAGE_SUFFIXES[readProtocol(process.env, signal)]}`;
    const loaded = require(id) as Record<string, new () => Exporter>;
    const Class = loaded[name];
    if (Class === undefined) throw new Error(`${id} has no ${name}`);
    exporter = new RetryingExporter(new Class(), RETRY_MS[signal]);
    exporters.set(signal, exporter);
    // Flushed now, because the thread ends with the process, without a chance to do so.
    module.flushCompileCache();
  }
  return exporter;
}

// Whoever waits for a flush does not see an event of this thread.
process.on('exit', () => answerFlush(ENDED));

async function exportItems({ id, signal, items }: Extract<ExportMessage, { items: unknown }>): Promise<void> {
  let code: number = EXPORT_FAILED;
  try {
    ({ code } = await getExporter(signal).export(deserialize(signal, items)));
  } catch {
    // The exporter failed to load, or the items are malformed.
  }
  parentPort?.postMessage({ id, code });
}

parentPort?.on('message', (message: ExportMessage) => {
  if ('flush' in message) {
    void flush(message.flush).then(() => {
      if (message.id === undefined) answerFlush(FLUSHED);
      else parentPort?.postMessage({ id: message.id, code: EXPORT_SUCCESS });
    });
    return;
  }
  const sent = exportItems(message).finally(() => sending.delete(sent));
  sending.add(sent);
});

/**
 * Resolves when everything is sent, including waiting retries; immediately if no Collector accepts
 * connections.
 */
async function flush(signals: readonly Signal[]): Promise<void> {
  const reachable = await Promise.all(
    signals.map((signal) => isReachable(readEndpoint(process.env, signal))),
  );
  if (reachable.some(Boolean)) {
    for (const exporter of exporters.values()) exporter.wake();
    await Promise.all(sending);
  }
}

/** Releases the thread that waits for a flush. */
function answerFlush(answer: number): void {
  Atomics.compareExchange(data.flushed, 0, 0, answer);
  Atomics.notify(data.flushed, 0);
}

function isReachable(url: URL | undefined): Promise<boolean> {
  if (url === undefined) return Promise.resolve(false);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return new Promise((resolve) => {
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port, timeout: CONNECT_MS });
    const finish = (listens: boolean) => () => {
      socket.destroy();
      resolve(listens);
    };
    socket.on('connect', finish(true)).on('error', finish(false)).on('timeout', finish(false));
  });
}

interface SerializedItem {
  readonly context?: SerializedSpanContext;
  readonly parentSpanContext?: SerializedSpanContext;
  readonly links?: readonly { context: SerializedSpanContext }[];
  readonly resource: object;
}

interface SerializedSpanContext {
  readonly traceState?: string;
}

/** Restores the methods of serialized telemetry that the exporters call. */
function deserialize(signal: Signal, items: unknown): unknown {
  if (signal === 'METRICS') return items;
  return (items as SerializedItem[]).map((item) => {
    const context = item.context && deserializeSpanContext(item.context);
    return {
      ...item,
      spanContext: signal === 'TRACES' ? () => context : context,
      parentSpanContext: item.parentSpanContext && deserializeSpanContext(item.parentSpanContext),
      links: item.links?.map((link) => ({ ...link, context: deserializeSpanContext(link.context) })),
    };
  });
}

function deserializeSpanContext({ traceState, ...rest }: SerializedSpanContext): object {
  return traceState === undefined ? rest : { ...rest, traceState: { serialize: () => traceState } };
}

parentPort?.postMessage({ id: 0, code: EXPORT_SUCCESS });
