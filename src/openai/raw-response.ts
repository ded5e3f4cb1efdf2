import { Readable, Transform } from 'node:stream';
import type { Call } from './call.ts';
import { safely } from './safely.ts';
import type { RawResponse } from './sdk-types.ts';
import { SseSplitter } from './sse-splitter.ts';
import { StreamMeter } from './stream-meter.ts';

/** The methods of a response that read its whole body. */
const READERS = ['text', 'json', 'arrayBuffer', 'blob', 'bytes', 'formData', 'buffer'] as const;

/**
 * Watches a response that the application reads itself (`asResponse()`), whichever way it does: the methods that
 * read it whole, or its `body`. The response stays the same object.
 */
export function watchResponse(response: RawResponse, call: Call, asksUsage: boolean): void {
  for (const name of READERS) {
    const original: unknown = Reflect.get(response, name);
    if (typeof original !== 'function') continue;
    define(response, name, async (...args: unknown[]) => {
      try {
        const content: unknown = await original.apply(response, args);
        await readWhole(call, asksUsage, content);
        return name === 'text' && typeof content === 'string' ? hideUsage(content, call, asksUsage) : content;
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
      watched ??= safely('the body of a response', () => watchBody(body, call, asksUsage)) ?? body;
      return watched;
    },
  });
}

/** A body of bytes that tells the call of what flows through it. */
function watchBody(body: unknown, call: Call, asksUsage: boolean): unknown {
  const sink = call.plan.stream ? new EventSink(call, asksUsage) : new WholeSink(call);
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

/** Server-sent events on their way to the application. */
class EventSink {
  readonly #splitter = new SseSplitter();
  readonly #meter: StreamMeter;
  #ended = false;

  constructor(call: Call, asksUsage: boolean) {
    this.#meter = new StreamMeter(call, asksUsage);
  }

  /** What may go on to the application of it. */
  write(chunk: Uint8Array): Uint8Array[] {
    return this.#splitter
      .push(chunk)
      .filter(({ data }) => this.#meter.read(data))
      .map(({ bytes }) => bytes);
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

/** A whole answer on its way to the application. */
class WholeSink {
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

async function readWhole(call: Call, asksUsage: boolean, content: unknown): Promise<void> {
  const text = await textOf(content);
  safely('an answer', () => {
    if (call.plan.stream && typeof text === 'string') meterText(text, call, asksUsage);
    else call.answered(typeof text === 'string' ? (parseJson(text) ?? text) : text);
  });
}

/** A stream that was read as one text. */
function meterText(text: string, call: Call, asksUsage: boolean): void {
  const meter = new StreamMeter(call, asksUsage);
  for (const { data } of new SseSplitter().push(Buffer.from(`${text}\n\n`))) meter.read(data);
  meter.end('complete');
}

function hideUsage(text: string, call: Call, asksUsage: boolean): string {
  if (!asksUsage) return text;
  const meter = new StreamMeter(call, asksUsage);
  const splitter = new SseSplitter();
  const kept = splitter.push(Buffer.from(text)).filter(({ data }) => meter.read(data));
  return Buffer.concat([...kept.map(({ bytes }) => bytes), splitter.rest()]).toString('utf8');
}

/** Bytes as text; what was parsed already stays as it is. */
async function textOf(content: unknown): Promise<unknown> {
  if (content instanceof Blob) return content.text();
  if (content instanceof ArrayBuffer) return Buffer.from(content).toString('utf8');
  if (content instanceof Uint8Array) return Buffer.from(content).toString('utf8');
  return content;
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
