import { Readable, Transform } from 'node:stream';
import type { Call } from './call.ts';
import { safely } from './safely.ts';
import { isRecord, type RawResponse } from './sdk-types.ts';
import { SseSplitter } from './sse-splitter.ts';
import { StreamMeter } from './stream-meter.ts';

/** The methods of a response that read its whole body. */
const READERS = ['text', 'json', 'arrayBuffer', 'blob', 'bytes', 'formData', 'buffer'] as const;

/**
 * Watches a response that the application reads itself (`asResponse()`), whichever way it does: the methods that
 * read it whole, or its `body`. The response stays the same object.
 */
export function watchResponse(response: RawResponse, call: Call, asksUsage: boolean): void {
  const newSink = (): Sink => (call.plan.stream ? new EventSink(call, asksUsage) : new WholeSink(call));
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

/** Takes the bytes of an answer on their way to the application, and gives those that may go on. */
interface Sink {
  write(chunk: Uint8Array): Uint8Array[];
  end(): Uint8Array[];
  cut(): void;
}

/** A body of bytes that tells the call of what flows through it. */
function watchBody(body: unknown, sink: Sink): unknown {
  if (body instanceof ReadableStream) {
    return body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          for (const part of sink.write(chunk)) controller.enqueue(part);
        },
        flush: (controller) => {
          for (const part of sink.end()) controller.enqueue(part);
        },
        cancel: () => sink.cut(),
      }),
    );
  }
  if (!(body instanceof Readable)) return body;
  const transform = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      for (const part of sink.write(chunk)) this.push(part);
      done();
    },
    flush(done) {
      for (const part of sink.end()) this.push(part);
      done();
    },
  });
  transform.on('close', () => sink.cut());
  body.on('error', (error) => transform.destroy(error));
  return body.pipe(transform);
}

/** Server-sent events, less what only we asked for. */
class EventSink implements Sink {
  readonly #splitter = new SseSplitter();
  readonly #meter: StreamMeter;
  readonly #asksUsage: boolean;
  #ended = false;

  constructor(call: Call, asksUsage: boolean) {
    this.#meter = new StreamMeter(call, asksUsage);
    this.#asksUsage = asksUsage;
  }

  write(chunk: Uint8Array): Uint8Array[] {
    const kept: Uint8Array[] = [];
    for (const { bytes, data } of this.#splitter.push(chunk)) {
      const saysNull = this.#asksUsage && isRecord(data) && data['usage'] === null;
      if (this.#meter.read(data)) kept.push(saysNull ? withoutNullUsage(bytes) : bytes);
    }
    return kept;
  }

  end(): Uint8Array[] {
    const rest = this.#splitter.rest();
    this.#finish('complete');
    return rest.length === 0 ? [] : [rest];
  }

  cut(): void {
    this.#finish('cut');
  }

  #finish(how: 'complete' | 'cut'): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#meter.end(how);
  }
}

/** Quotes inside of JSON strings are escaped, so the field is found in the text itself. */
function withoutNullUsage(event: Uint8Array): Uint8Array {
  const text = Buffer.from(event).toString('utf8');
  return Buffer.from(text.replace(/,\s*"usage"\s*:\s*null|"usage"\s*:\s*null\s*,\s*/, ''));
}

/** A whole answer. */
class WholeSink implements Sink {
  readonly #call: Call;
  readonly #chunks: Uint8Array[] = [];

  constructor(call: Call) {
    this.#call = call;
  }

  write(chunk: Uint8Array): Uint8Array[] {
    this.#chunks.push(chunk);
    return [chunk];
  }

  end(): Uint8Array[] {
    const text = Buffer.concat(this.#chunks).toString('utf8');
    safely('an answer', () => this.#call.answered(parseJson(text) ?? text));
    return [];
  }

  cut(): void {
    safely('an answer', () => this.#call.abandoned('its body was not read to the end'));
  }
}

/** Tells the call of a content that was read whole, and gives it on in the form that it has. */
async function readWhole(content: unknown, call: Call, sink: Sink): Promise<unknown> {
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { configurable: true, writable: true, value });
}
