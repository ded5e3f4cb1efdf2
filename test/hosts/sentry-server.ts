import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { isRecord, parseJson } from '../../src/util/index.ts';
import { listen, readBody } from '../support/http.ts';

/** A span as Sentry receives it: those of Sentry 11, and those of transactions before. */
export interface SentrySpan {
  readonly name: string;
  readonly id: string;
  readonly parent: string | undefined;
  /** What created it, such as `auto.http.otel.node_fetch`. */
  readonly origin: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Receives envelopes of Sentry. */
export interface SentryServer {
  readonly dsn: string;
  readonly spans: readonly SentrySpan[];
  readonly close: () => Promise<void>;
}

type Fields = Readonly<Record<string, unknown>>;

/** Starts a server that takes envelopes, as Sentry does. */
export async function startSentryServer(): Promise<SentryServer> {
  const spans: SentrySpan[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      for (const line of bytes.toString('utf8').split('\n')) spans.push(...spansOf(parseJson(line)));
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  const { url, close } = await listen(server);
  return { dsn: `${url.replace('http://', 'http://key@')}/1`, spans, close };
}

/** The spans of an item of an envelope: streamed spans, or a transaction. */
function spansOf(item: unknown): SentrySpan[] {
  if (!isRecord(item)) return [];
  if (Array.isArray(item['items'])) return item['items'].map(streamedSpan);
  const trace = isRecord(item['contexts']) ? item['contexts']['trace'] : undefined;
  if (!isRecord(trace)) return [];
  const root = { ...trace, description: item['transaction'] };
  return [root, ...(item['spans'] as Fields[])].map(legacySpan);
}

function streamedSpan(span: Fields): SentrySpan {
  const attributes = Object.fromEntries(
    Object.entries(span['attributes'] as Record<string, Fields>).map(([key, { value }]) => [key, value]),
  );
  return {
    name: String(span['name']),
    id: String(span['span_id']),
    parent: span['parent_span_id'] as string | undefined,
    origin: attributes['sentry.origin'] as string | undefined,
    attributes,
  };
}

function legacySpan(span: Fields): SentrySpan {
  return {
    name: String(span['description']),
    id: String(span['span_id']),
    parent: span['parent_span_id'] as string | undefined,
    origin: span['origin'] as string | undefined,
    attributes: (span['data'] ?? {}) as Fields,
  };
}
