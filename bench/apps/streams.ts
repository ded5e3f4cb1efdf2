/**
 * The time of streams against an in-process `fetch`, whose body comes in pieces of 4 KB. Prints microseconds a chunk, the median of
 * the streams.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { clientOf } from './client.ts';

export interface StreamsOptions {
  readonly from: string;
  readonly chunks: number;
  readonly warmUp: number;
  readonly streams: number;
}

export interface StreamsResult {
  readonly chunkUs: number;
}

const PIECE = 4_096;

const options = JSON.parse(process.argv[2] ?? '') as StreamsOptions;

const shared = {
  id: 'chatcmpl-0123456789abcdefghijklmnopqrs',
  object: 'chat.completion.chunk',
  created: 1_790_000_000,
  model: 'gpt-4o-mini-2024-07-18',
  service_tier: 'default',
  system_fingerprint: 'fp_0123456789',
};

function event(value: object): string {
  return `data: ${JSON.stringify({ ...shared, ...value })}\n\n`;
}

function bodyOf(chunks: number): Uint8Array {
  let text = '';
  for (let n = 0; n < chunks; n += 1) {
    text += event({
      choices: [{ index: 0, delta: { content: ` word${n % 10}` }, logprobs: null, finish_reason: null }],
      usage: null,
    });
  }
  text += event({ choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }], usage: null });
  const usage = { prompt_tokens: 20, completion_tokens: 2 * chunks, total_tokens: 2 * chunks + 20 };
  return new TextEncoder().encode(`${text}${event({ choices: [], usage })}data: [DONE]\n\n`);
}

const bytes = bodyOf(options.chunks);
const client = clientOf(options.from, async () => {
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await turn();
      controller.enqueue(bytes.slice(at, at + PIECE));
      at += PIECE;
      if (at >= bytes.length) controller.close();
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
});

async function stream(): Promise<number> {
  const from = performance.now();
  const events = await client.chat.completions.create({
    model: 'gpt-4o-mini',
    // The reservation is never passed, as for most streams: the bytes are counted, the tokens are not.
    max_completion_tokens: 16_000,
    messages: [{ role: 'user', content: 'Go on.' }],
    stream: true,
    stream_options: { include_usage: true },
  });
  let seen = 0;
  for await (const one of events) seen += one.choices.length;
  if (seen !== options.chunks + 1) throw new Error(`${seen} chunks came`);
  return performance.now() - from;
}

for (let done = 0; done < options.warmUp; done += 1) await stream();
const times: number[] = [];
for (let done = 0; done < options.streams; done += 1) times.push(await stream());
const middle = times.sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
const result: StreamsResult = { chunkUs: (middle * 1_000) / options.chunks };
process.stdout.write(JSON.stringify(result), () => process.exit());
