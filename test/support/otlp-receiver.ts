import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { listen, readBody } from './http.ts';
import { type JsonObject, parseObject } from './json.ts';
import {
  type FlatLog,
  type FlatPoint,
  type FlatSpan,
  flattenLogs,
  flattenMetrics,
  flattenSpans,
} from './otlp-flatten.ts';

export type { FlatEvent, FlatLog, FlatPoint, FlatSpan } from './otlp-flatten.ts';

export interface OtlpOptions {
  /** Answer with this status instead of 200; what is posted is not kept then. */
  readonly status?: number;
  /** Wait before the answer. */
  readonly delayMs?: number;
  /** Never answer. */
  readonly hang?: boolean;
}

/** One post, whatever the answer to it. */
export interface OtlpPost {
  readonly path: string;
  readonly contentType: string;
  readonly bytes: number;
}

export interface OtlpReceiver {
  /** The value for OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  /** Environment that makes an SDK export to this receiver, as JSON. */
  readonly env: Readonly<Record<string, string>>;
  readonly posts: readonly OtlpPost[];
  /** Change how the receiver answers from now on. */
  readonly setOptions: (options: OtlpOptions) => void;
  readonly spans: () => FlatSpan[];
  readonly metrics: () => FlatPoint[];
  readonly logs: () => FlatLog[];
  readonly close: () => Promise<void>;
}

/**
 * Starts a receiver of OTLP over HTTP. It reads JSON, gzipped or not; protobuf is counted in `posts` and
 * acknowledged.
 */
export async function startOtlpReceiver(initial: OtlpOptions = {}): Promise<OtlpReceiver> {
  let options = initial;
  const posts: OtlpPost[] = [];
  const bodies: { path: string; body: JsonObject }[] = [];
  const server = createServer((request, response) => {
    receive(request)
      .then(({ post, body }) => {
        posts.push(post);
        if (body !== undefined && (options.status ?? 200) < 400) bodies.push({ path: post.path, body });
        return acknowledge(response, options, post.contentType);
      })
      .catch((error: unknown) => response.destroy(error as Error));
  });
  const { url, close } = await listen(server);
  const at = (path: string) => bodies.filter((posted) => posted.path === path).map(({ body }) => body);
  return {
    url,
    env: exportTo(url),
    posts,
    setOptions: (next) => {
      options = next;
    },
    spans: () => at('/v1/traces').flatMap(flattenSpans),
    metrics: () => at('/v1/metrics').flatMap(flattenMetrics),
    logs: () => at('/v1/logs').flatMap(flattenLogs),
    close,
  };
}

function exportTo(url: string): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_LOGS_EXPORTER: 'otlp',
  };
}

async function receive(request: IncomingMessage): Promise<{ post: OtlpPost; body: JsonObject | undefined }> {
  const received = await readBody(request);
  const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(received) : received;
  const contentType = request.headers['content-type'] ?? '';
  const post = { path: request.url ?? '', contentType, bytes: received.length };
  return { post, body: contentType.includes('json') ? parseObject(bytes.toString('utf8')) : undefined };
}

async function acknowledge(
  response: ServerResponse,
  options: OtlpOptions,
  contentType: string,
): Promise<void> {
  if (options.hang === true) return;
  if (options.delayMs !== undefined) await sleep(options.delayMs);
  response.writeHead(options.status ?? 200, { 'content-type': contentType });
  response.end(contentType.includes('json') ? '{}' : '');
}
