/**
 * The thread that sends telemetry. It loads the exporters that the OpenTelemetry environment asks for and hands
 * them what the application's thread sends over, so that neither serializing nor a slow Collector costs that thread
 * anything, and so that the last of it can be sent while that thread waits in its exit.
 */
import module, { createRequire } from 'node:module';
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { endpointOf, type Protocol, protocolOf, type Signal } from '../env.ts';
import { makePatient, type PatientTransport } from './retrying-transport.ts';
import type { ExportMessage, WorkerData } from './worker-channel.ts';

interface Exporter {
  export(items: unknown, done: (result: { code: number }) => void): void;
}

const EXPORTED = 0;
const FAILED = 1;

/** How long a Collector may take to accept a connection before the exit stops waiting for it, milliseconds. */
const CONNECT_MS = 250;

/**
 * How long spans and logs are sent again while no Collector takes them, milliseconds. Metrics are cumulative: the next say what these
 * would have, so they are not.
 */
const PATIENCE_MS: Readonly<Record<Signal, number>> = { TRACES: 300_000, LOGS: 300_000, METRICS: 10_000 };

// A thread does not have the cache of the process. The exporters are loaded from it.
module.enableCompileCache();

/** The exporters are dependencies of sdk-node: resolved from there, in the very version that it uses. */
const fromSdk = createRequire(createRequire(import.meta.url).resolve('@opentelemetry/sdk-node'));
const ownRequire = createRequire(import.meta.url);

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

const exporters = new Map<Signal, Exporter>();
const patient: PatientTransport[] = [];
const sending = new Set<Promise<void>>();
const data = workerData as WorkerData;

function exporterOf(signal: Signal): Exporter {
  let exporter = exporters.get(signal);
  if (exporter === undefined) {
    const [part, name] = CLASSES[signal];
    const id = `@opentelemetry/exporter-${part}-otlp-${SUFFIX[protocolOf(process.env, signal)]}`;
    const load = id === '@opentelemetry/exporter-trace-otlp-http' ? ownRequire : fromSdk;
    const loaded = load(id) as Record<string, new () => Exporter>;
    const Class = loaded[name];
    if (Class === undefined) throw new Error(`${id} has no ${name}`);
    exporter = new Class();
    exporters.set(signal, exporter);
    // The thread ends with the process, and so without a chance to do it.
    module.flushCompileCache();
    const transport = makePatient(exporter, PATIENCE_MS[signal]);
    if (transport !== undefined) patient.push(transport);
  }
  return exporter;
}

function send(message: Extract<ExportMessage, { items: unknown }>): Promise<void> {
  return new Promise((resolve) => {
    const done = (code: number): void => {
      parentPort?.postMessage({ id: message.id, code });
      resolve();
    };
    try {
      exporterOf(message.signal).export(revive(message.signal, message.items), ({ code }) => done(code));
    } catch {
      done(FAILED);
    }
  });
}

parentPort?.on('message', (message: ExportMessage) => {
  if ('flush' in message) {
    void flush(message.flush);
    return;
  }
  const sent = send(message);
  sending.add(sent);
  void sent.finally(() => sending.delete(sent));
});

/** Answers once everything is sent, what waits to be sent again too, or at once where nobody listens. */
async function flush(signals: readonly Signal[]): Promise<void> {
  const listening = await Promise.all(signals.map((signal) => reachable(endpointOf(process.env, signal))));
  if (listening.some(Boolean)) {
    for (const transport of patient) transport.wake();
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
