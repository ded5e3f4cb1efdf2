import type { Exchange } from './exchange.ts';
import { isObject, type JsonObject, objectsOf } from './json.ts';
import { withUsageChunk } from './sse.ts';

/** What an exchange answers to a request: text of an event stream, or a JSON body. */
export function answerOf(exchange: Exchange, body: unknown): unknown {
  const request = isObject(body) ? body : {};
  if (typeof exchange.response === 'string') {
    return exchange.usageChunk !== undefined && asksUsage(request)
      ? withUsageChunk(exchange.response, exchange.usageChunk)
      : exchange.response;
  }
  return exchange.path === '/v1/embeddings'
    ? encodeVectors(exchange.response, request['encoding_format'])
    : exchange.response;
}

function asksUsage(request: JsonObject): boolean {
  const options = request['stream_options'];
  return isObject(options) && options['include_usage'] === true;
}

// Clients since openai 4.93 ask for base64 and decode it; older ones want numbers.
function encodeVectors(response: unknown, format: unknown): unknown {
  if (!isObject(response) || !('data' in response)) return response;
  const data = objectsOf(response['data']).map((item) => ({
    ...item,
    embedding: format === 'base64' ? toBase64(item['embedding']) : toNumbers(item['embedding']),
  }));
  return { ...response, data };
}

function toBase64(vector: unknown): unknown {
  if (!Array.isArray(vector)) return vector;
  return Buffer.from(Float32Array.from(vector, Number).buffer).toString('base64');
}

function toNumbers(vector: unknown): unknown {
  if (typeof vector !== 'string') return vector;
  const bytes = new Uint8Array(Buffer.from(vector, 'base64'));
  return [...new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / 4))];
}

/**
 * Cuts a body in the pieces it is written in: of `size` bytes, across characters and lines, or else event by
 * event.
 */
export function piecesOf(text: string, size: number | undefined): Buffer[] {
  const bytes = Buffer.from(text, 'utf8');
  if (size === undefined) return text.split(/(?<=\n\n)/).map((event) => Buffer.from(event, 'utf8'));
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}
