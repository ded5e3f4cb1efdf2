import { type Readable, Transform } from 'node:stream';
import { safely } from '../fail-open.ts';
import type { AnswerSink } from './body-sinks.ts';

/**
 * A web stream that flows through a sink, as fast as it is read. Where the budget cannot pay for what came, it ends
 * with the refusal, and what it comes from is cancelled.
 */
export function meteredStream<T>(body: ReadableStream<T>, sink: AnswerSink<T>): ReadableStream<T> {
  const reader = body.getReader();
  return new ReadableStream<T>(
    {
      async pull(controller) {
        try {
          for (;;) {
            const { done, value } = await reader.read();
            const parts = done ? finished(sink) : passed(sink, value);
            const refusal = done ? undefined : await sink.payFor();
            if (refusal !== undefined) {
              await reader.cancel(refusal).catch(() => undefined);
              throw refusal;
            }
            for (const part of parts) controller.enqueue(part);
            if (done) controller.close();
            if (done || parts.length > 0) return;
          }
        } catch (error) {
          sink.failed(error);
          throw error;
        }
      },
      cancel(reason) {
        sink.cut();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** The same of a Node stream, which openai 4 has on Node. */
export function meteredReadable(body: Readable, sink: AnswerSink): Readable {
  const transform = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      const parts = passed(sink, chunk);
      Promise.resolve(sink.payFor()).then((refusal) => {
        if (refusal !== undefined) {
          sink.failed(refusal);
          done(refusal);
          return;
        }
        for (const part of parts) this.push(part);
        done();
      }, done);
    },
    flush(done) {
      for (const part of finished(sink)) this.push(part);
      done();
    },
  });
  transform.on('close', () => {
    sink.cut();
    body.destroy();
  });
  body.on('error', (error) => {
    sink.failed(error);
    transform.destroy(error);
  });
  return body.pipe(transform);
}

function passed<T>(sink: AnswerSink<T>, chunk: T): T[] {
  return safely('a piece of an answer', () => sink.write(chunk)) ?? [chunk];
}

function finished<T>(sink: AnswerSink<T>): T[] {
  return safely('the end of an answer', () => sink.end()) ?? [];
}
