/**
 * The thread that sends telemetry. It loads the exporters that the OpenTelemetry environment asks for and
 * hands them what the application's thread sends over, so that neither serializing nor a slow Collector costs
 * that thread anything, and so that the last of it can be sent while that thread waits in its exit.
 */
import module, { createRequire } from 'node:module';
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { type Protocol, readEndpoint, readProtocol, type Signal } from '../environment/index.ts';
import { type Exporter, RetryingExporter } from './retrying-exporter.ts';
import type { ExportMessage, WorkerData } from './worker-channel.ts';

const EXPORTED = 0;
const FAILED = 1;

/**
 * How long a Collector may take to accept a connection before the exit stops waiting for it, milliseconds.
 */
const CONNECT_MS = 250;

/**
 * How long spans and logs are sent again while no Collector takes them, milliseconds. Metrics are cumulative:
 * the next say what these would have, so they are not.
 */
const PATIENCE_MS: Readonly<Record<Signal, number>> = { TRACES: 300_000, LOGS: 300_000, METRICS: 10_000 };

// A thread does not have the cache of the process. The exporters are loaded from it.
module.enableCompileCache();

const require = createRequire(import.meta.url);

const SUFFIX: Readonly<Record<Protocol, string>> = {
  'http/json': 'http',
  'http/protobuf': 'proto',
  grpc: 'grpc',
};
const CLASSES: Readonly<Record<Signal, readonly [part: string, name: string]>> = {
  TRACES: ['trace', 'OTLPTraceExporter'],
  METRICS: ['metrics', 'OTLPMetricExporter'],
  LOGS: ['logs', 'OTLPLogExporter'],
};

const exporters = new Map<Signal, RetryingExporter>();
const sending = new Set<Promise<void>>();
const data = workerData as WorkerData;

function exporterOf(signal: Signal): RetryingExporter {
  let exporter = exporters.get(signal);
  if (exporter === undefined) {
    const [part, name] = CLASSES[signal];
    const id = `@opentelemetry/exporter-${part}-otlp-${SUFFIX[readProtocol(process.env, signal)]}`;
    const loaded = require(id) as Record<string, new () => Exporter>;
    const Class = loaded[name];
    if (Class === undefined) throw new Error(`${id} has no ${name}`);
    exporter = new RetryingExporter(new Class(), PATIENCE_MS[signal]);
    exporters.set(signal, exporter);
    // The thread ends with the process, without a chance to do it then.
    module.flushCompileCache();
  }
  return exporter;
}

async function send({ id, signal, items }: Extract<ExportMessage, { items: unknown }>): Promise<void> {
  let code = FAILED;
  try {
    ({ code } = await exporterOf(signal).export(revive(signal, items)));
  } catch {
    // The exporter could not be loaded, or the items not be read.
  }
  parentPort?.postMessage({ id, code });
}

parentPort?.on('message', (message: ExportMessage) => {
  if ('flush' in message) {
    void flush(message.flush);
    return;
  }
  const sent = send(message).finally(() => sending.delete(sent));
  sending.add(sent);
});

/** Answers once everything is sent, what waits to be sent again too, or at once where nobody listens. */
async function flush(signals: readonly Signal[]): Promise<void> {
  const listening = await Promise.all(signals.map((signal) => reachable(readEndpoint(process.env, signal))));
  if (listening.some(Boolean)) {
    for (const exporter of exporters.values()) exporter.wake();
    await Promise.all(sending);
  }
  Atomics.store(data.flushed, 0, 1);
  Atomics.notify(data.flushed, 0);
}

function reachable(url: URL | undefined): Promise<boolean> {
  if (url === undefined) return Promise.resolve(false);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return new Promise((resolve) => {
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port, timeout: CONNECT_MS });
    const answer = (listens: boolean) => () => {
      socket.destroy();
      resolve(listens);
    };
    socket.on('connect', answer(true)).on('error', answer(false)).on('timeout', answer(false));
  });
}

interface Plain {
  readonly context?: PlainSpanContext;
  readonly parentSpanContext?: PlainSpanContext;
  readonly links?: readonly { context: PlainSpanContext }[];
  readonly resource: object;
}

interface PlainSpanContext {
  readonly traceState?: string;
}

/** Gives plain telemetry back the methods that the exporters call. */
function revive(signal: Signal, items: unknown): unknown {
  if (signal === 'METRICS') return items;
  return (items as Plain[]).map((item) => {
    const context = item.context && reviveContext(item.context);
    return {
      ...item,
      spanContext: signal === 'TRACES' ? () => context : context,
      parentSpanContext: item.parentSpanContext && reviveContext(item.parentSpanContext),
      links: item.links?.map((link) => ({ ...link, context: reviveContext(link.context) })),
    };
  });
}

function reviveContext({ traceState, ...rest }: PlainSpanContext): object {
  return traceState === undefined ? rest : { ...rest, traceState: { serialize: () => traceState } };
}

parentPort?.postMessage({ id: 0, code: EXPORTED });
