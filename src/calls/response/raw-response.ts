import { Readable } from 'node:stream';
import { isRecord } from '../../util/index.ts';
import type { Call } from '../call.ts';
import { safely } from '../fail-open.ts';
import { type AnswerSink, EventSink, WholeSink } from './body-sinks.ts';
import { meteredReadable, meteredStream } from './metered-body.ts';

/** The methods of a response that read its whole body. */
const READERS = ['text', 'json', 'arrayBuffer', 'blob', 'bytes', 'formData', 'buffer'] as const;

/**
 * Watches a response that the application reads itself (`asResponse()`), whichever way it does: the methods that
 * read it whole, or its `body`. The response stays the same object.
 */
export function watchResponse(response: RawResponse, call: Call, asksUsage: boolean): void {
  const newSink = (): AnswerSink => (call.plan.stream ? new EventSink(call, asksUsage) : new WholeSink(call));
  for (const name of READERS) {
    const original: unknown = Reflect.get(response, name);
    if (typeof original !== 'function') continue;
    define(response, name, async (...args: unknown[]) => {
      try {
        const content: unknown = await original.apply(response, args);
        return await readWhole(content, call, newSink());
      } catch (error) {
        safely('a failed read', () => call.failed(error, 'answer'));
        throw error;
      }
    });
  }
  const body = response.body;
  let watched: unknown;
  Object.defineProperty(response, 'body', {
    configurable: true,
    get: () => {
      watched ??= safely('the body of a response', () => watchBody(body, newSink())) ?? body;
      return watched;
    },
  });
}

/** A body of bytes that tells the call of what flows through it. */
function watchBody(body: unknown, sink: AnswerSink): unknown {
  if (body instanceof ReadableStream) return meteredStream(body, sink);
  return body instanceof Readable ? meteredReadable(body, sink) : body;
}

/** Tells the call of a content that was read whole, and gives it on in the form that it has. */
async function readWhole(content: unknown, call: Call, sink: AnswerSink): Promise<unknown> {
  const bytes = await bytesOf(content);
  if (bytes === undefined) {
    safely('an answer', () => call.answered(content));
    return content;
  }
  const kept = safely('an answer', () => Buffer.concat([...sink.write(bytes), ...sink.end()]));
  if (kept === undefined || kept.length === bytes.length) return content;
  if (typeof content === 'string') return kept.toString('utf8');
  if (content instanceof Blob) return new Blob([new Uint8Array(kept)], { type: content.type });
  return content instanceof ArrayBuffer ? new Uint8Array(kept).buffer : kept;
}

/** The bytes of a content; undefined of one that was parsed already. */
async function bytesOf(content: unknown): Promise<Uint8Array | undefined> {
  if (typeof content === 'string') return Buffer.from(content);
  if (content instanceof Blob) return new Uint8Array(await content.arrayBuffer());
  if (content instanceof ArrayBuffer) return new Uint8Array(content);
  return content instanceof Uint8Array ? content : undefined;
}

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { configurable: true, writable: true, value });
}

/** A web `Response`, or the one of node-fetch that openai 4 uses on Node. */
export interface RawResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: unknown;
}

/** An answer that the SDK leaves unread (speech, files). */
export function isRawResponse(value: unknown): value is RawResponse {
  return isRecord(value) && typeof value['status'] === 'number' && 'headers' in value && 'body' in value;
}
