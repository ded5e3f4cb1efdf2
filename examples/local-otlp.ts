import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { isObject, type JsonObject, objectsOf } from './local-openai/json.ts';

/** A span as it was exported; attributes by name. */
export interface ReceivedSpan {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly startNano: bigint;
  readonly endNano: bigint;
  readonly attributes: JsonObject;
  readonly errorMessage: string | undefined;
}

export interface LocalOtlp {
  /** The value for OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  /** All spans received, by start. */
  readonly spans: () => ReceivedSpan[];
  readonly close: () => void;
}

/** Starts a receiver of OTLP/HTTP in JSON, in the place of a Collector. It keeps spans and drops the rest. */
export async function startLocalOtlp(): Promise<LocalOtlp> {
  const spans: ReceivedSpan[] = [];
  const server = createServer(async (request, response) => {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const bytes = Buffer.concat(chunks);
      const gzipped = request.headers['content-encoding'] === 'gzip';
      const body: unknown = JSON.parse((gzipped ? gunzipSync(bytes) : bytes).toString('utf8'));
      if (request.url === '/v1/traces') spans.push(...spansOf(body));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    } catch {
      response.writeHead(400).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  const byStart = (one: ReceivedSpan, other: ReceivedSpan) => Number(one.startNano - other.startNano);
  return { url: `http://127.0.0.1:${port}`, spans: () => spans.toSorted(byStart), close };
}

function spansOf(body: unknown): ReceivedSpan[] {
  return objectsOf(isObject(body) ? body['resourceSpans'] : undefined)
    .flatMap((resource) => objectsOf(resource['scopeSpans']))
    .flatMap((scope) => objectsOf(scope['spans']))
    .map((span) => {
      const parent = span['parentSpanId'];
      const status = isObject(span['status']) ? span['status'] : {};
      return {
        name: String(span['name']),
        spanId: String(span['spanId']),
        parentSpanId: typeof parent === 'string' && parent !== '' ? parent : undefined,
        startNano: BigInt(String(span['startTimeUnixNano'])),
        endNano: BigInt(String(span['endTimeUnixNano'])),
        attributes: Object.fromEntries(
          objectsOf(span['attributes']).map((pair) => [String(pair['key']), plain(pair['value'])]),
        ),
        errorMessage: status['code'] === 2 ? String(status['message'] ?? '') : undefined,
      };
    });
}

// OTLP JSON writes 64-bit integers as strings.
function plain(value: unknown): unknown {
  if (!isObject(value)) return undefined;
  if ('intValue' in value) return Number(value['intValue']);
  if (isObject(value['arrayValue'])) return objectsOf(value['arrayValue']['values']).map(plain);
  return value['stringValue'] ?? value['doubleValue'] ?? value['boolValue'];
}
