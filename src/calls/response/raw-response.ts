import { Readable } from 'node:stream';
import { failOpen } from '../../telemetry/api/index.ts';
import { isRecord } from '../../util/index.ts';
import type { Call } from '../call.ts';
import { abandonIfCollected } from './abandoned-responses.ts';
import { type BodySink, BufferedBodySink, SseBodySink } from './body-sinks.ts';
import { guardReadable, guardStream } from './guarded-body.ts';

/** A web `Response`, or the one of node-fetch that openai 4 uses on Node. */
export interface RawResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: unknown;
  readonly clone?: () => RawResponse;
}

/** Whether a value is a response that the SDK leaves unread, such as speech or a file. */
export function isRawResponse(value: unknown): value is RawResponse {
  return isRecord(value) && typeof value['status'] === 'number' && 'headers' in value && 'body' in value;
}

/**
 * The response that a body or a clone was taken from, for as long as they are in use: the call of a response
 * that was collected as garbage is abandoned.
 */
const lifelines = new WeakMap<object, RawResponse>();

/** The methods of a response that read its whole body. */
const READERS = ['text', 'json', 'arrayBuffer', 'blob', 'bytes', 'formData', 'buffer'] as const;

/**
 * Guards a response that the application reads itself, by a method that reads it whole or by its `body`. The
 * response stays the same object.
 */
export function guardRawResponse(response: RawResponse, call: Call, addsUsageChunk: boolean): void {
  const newSink = (): BodySink =>
    call.plan.stream ? new SseBodySink(call, addsUsageChunk) : new BufferedBodySink(call);
  for (const name of READERS) {
    const original: unknown = Reflect.get(response, name);
    if (typeof original !== 'function') continue;
    const value = async (...args: unknown[]): Promise<unknown> => {
      try {
        const content: unknown = await original.apply(response, args);
        return await readContent(content, call, newSink());
      } catch (error) {
        failOpen('recording a failed read', () => call.recordFailure(error, 'response'));
        throw error;
      }
    };
    Object.defineProperty(response, name, { value, configurable: true, writable: true });
  }
  abandonIfCollected(response, call);
  const { clone } = response;
  if (clone !== undefined) {
    const value = (): RawResponse => {
      const copy = clone.call(response);
      guardRawResponse(copy, call, addsUsageChunk);
      lifelines.set(copy, response);
      return copy;
    };
    Object.defineProperty(response, 'clone', { value, configurable: true, writable: true });
  }
  const prototype: object = Object.getPrototypeOf(response) ?? {};
  const first = response.body;
  let body: unknown;
  let guarded: unknown;
  Object.defineProperty(response, 'body', {
    configurable: true,
    get: () => {
      // A clone replaces the body of the original.
      const current: unknown = 'body' in prototype ? Reflect.get(prototype, 'body', response) : first;
      if (guarded === undefined || current !== body) {
        body = current;
        guarded = failOpen('guarding a response body', () => guardBody(body, newSink())) ?? body;
        if (typeof guarded === 'object' && guarded !== null) lifelines.set(guarded, response);
      }
      return guarded;
    },
  });
}

function guardBody(body: unknown, sink: BodySink): unknown {
  if (body instanceof ReadableStream) return guardStream(body, sink);
  return body instanceof Readable ? guardReadable(body, sink) : body;
}

/** Records a content that was read whole, and returns it in the form it has, less what is kept back. */
async function readContent(content: unknown, call: Call, sink: BodySink): Promise<unknown> {
  const bytes = await bytesOf(content);
  if (bytes === undefined) {
    failOpen('reading a response', () => call.recordResponse(content));
    return content;
  }
  const kept = failOpen('reading a response', () => Buffer.concat([...sink.write(bytes), ...sink.end()]));
  if (kept === undefined || kept.length === bytes.length) return content;
  if (typeof content === 'string') return kept.toString('utf8');
  if (content instanceof Blob) return new Blob([new Uint8Array(kept)], { type: content.type });
  return content instanceof ArrayBuffer ? new Uint8Array(kept).buffer : kept;
}

/** The bytes of a content; undefined if it was parsed already. */
async function bytesOf(content: unknown): Promise<Uint8Array | undefined> {
  if (typeof content === 'string') return Buffer.from(content);
  if (content instanceof Blob) return new Uint8Array(await content.arrayBuffer());
  if (content instanceof ArrayBuffer) return new Uint8Array(content);
  return content instanceof Uint8Array ? content : undefined;
}
