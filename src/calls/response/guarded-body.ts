import { type Readable, Transform } from 'node:stream';
import { failOpen } from '../../telemetry/api/index.ts';
import type { BodySink } from './body-sinks.ts';

/**
 * Passes a web stream through a sink, as fast as it is read. If the budget cannot pay for what arrived, the
 * stream ends with the refusal and its source is cancelled.
 */
export function guardStream<T>(body: ReadableStream<T>, sink: BodySink<T>): ReadableStream<T> {
  const reader = body.getReader();
  return new ReadableStream<T>(
    {
      async pull(controller) {
        try {
          for (;;) {
            const { done, value } = await reader.read();
            const parts = done ? endSink(sink) : writeToSink(sink, value);
            const refusal = done ? undefined : await sink.reserveForOutput();
            if (refusal !== undefined) {
              await reader.cancel(refusal).catch(() => undefined);
              throw refusal;
            }
            for (const part of parts) controller.enqueue(part);
            if (done) controller.close();
            if (done || parts.length > 0) return;
          }
        } catch (error) {
          sink.fail(error);
          throw error;
        }
      },
      cancel(reason) {
        sink.abandon();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Passes a Node stream, which openai 4 uses on Node, through a sink like {@link guardStream}. */
export function guardReadable(body: Readable, sink: BodySink): Readable {
  const transform = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      const parts = writeToSink(sink, chunk);
      Promise.resolve(sink.reserveForOutput()).then((refusal) => {
        if (refusal !== undefined) {
          sink.fail(refusal);
          done(refusal);
          return;
        }
        for (const part of parts) this.push(part);
        done();
      }, done);
    },
    flush(done) {
      for (const part of endSink(sink)) this.push(part);
      done();
    },
  });
  transform.on('close', () => {
    sink.abandon();
    body.destroy();
  });
  body.on('error', (error) => {
    sink.fail(error);
    transform.destroy(error);
  });
  return body.pipe(transform);
}

function writeToSink<T>(sink: BodySink<T>, chunk: T): T[] {
  return failOpen('reading a chunk of a response', () => sink.write(chunk)) ?? [chunk];
}

function endSink<T>(sink: BodySink<T>): T[] {
  return failOpen('reading the end of a response', () => sink.end()) ?? [];
}
