// The application whose calls are traced. Runs under the preload of an instrumented build:
//
//   node --import <register> stories.ts <story> <times> <jobs of the build> <folder for jobs>
//
// Does what the story says so many times unrecorded, since what the first calls load and remember is of no interest, then once
// more, and prints the entries of that.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Span, trace } from '@opentelemetry/api';
import OpenAI from 'openai';
import type * as Jobs from 'otel-token-budget/jobs';
import { ownExchange } from '../../test/exchanges/index.ts';
import { answerOf } from '../../test/support/replay-body.ts';
import type { Entry } from './build.ts';
import { outgrowing } from './outgrowing.ts';

interface Recorder {
  readonly start: () => void;
  readonly stop: () => Entry[];
}

/** Turns of the event loop in which what a call leaves behind is done. */
const TURNS = 20;
const KILLED = 'killed';

const [name = '', times = '', jobs = '', directory = ''] = process.argv.slice(2);
const client = new OpenAI({
  apiKey: 'none',
  baseURL: 'https://api.openai.com/v1',
  maxRetries: 0,
  fetch: answer,
});
const recorder = Reflect.get(globalThis, Symbol.for('trace-call')) as Recorder;

const CHAT = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'The tides at Brest today, in one line.' }],
};
const replay = (id: string) => ({ headers: { 'x-replay-id': id } });

/** What is done for each story, the n-th time. */
const STORIES: Readonly<Record<string, (n: number) => Promise<unknown>>> = {
  admitted: () => client.chat.completions.create({ ...CHAT, max_tokens: 100 }, replay('chat-plain')),
  clamped: () => client.chat.completions.create({ ...CHAT, max_tokens: 4_000 }, replay('chat-plain')),
  stream: async () => {
    const stream = await client.chat.completions.create(
      { ...CHAT, max_tokens: 16, stream: true },
      replay('outgrowing'),
    );
    for await (const _ of stream);
  },
  vendor: async () => {
    const span: Span = trace
      .getTracer('@arizeai/openinference-instrumentation-openai')
      .startSpan('OpenAI Chat Completions', {
        attributes: {
          'openinference.span.kind': 'LLM',
          'llm.system': 'openai',
          'llm.provider': 'openai',
          'llm.model_name': 'gpt-4o-mini',
          'llm.input_messages.0.message.role': 'user',
          'llm.input_messages.0.message.content': 'The tides at Brest today, in one line.',
        },
      });
    await nextTurn();
    span.setAttributes({
      'llm.token_count.prompt': 17,
      'llm.token_count.completion': 28,
      'llm.token_count.total': 45,
    });
    span.end();
  },
  [KILLED]: (n) => runJob(n, { killed: true }),
  resumed: (n) => runJob(n, { killed: false }),
};

/** Runs or resumes the n-th job, of three steps with a call each: its process is killed in the second call, so two are left. */
async function runJob(n: number, options: { readonly killed: boolean }): Promise<void> {
  const { defineJob, runJob: run } = (await import(jobs)) as typeof Jobs;
  const step = (name: string, exchange = 'chat-plain') => ({
    name,
    run: async () => {
      const { choices } = await client.chat.completions.create(
        { ...CHAT, max_tokens: 100 },
        replay(exchange),
      );
      return choices[0]?.message.content;
    },
  });
  const steps = [step('search'), step('read', options.killed ? KILLED : undefined), step('summarise')];
  const id = `job-${n}`;
  const { reason } = await run(
    defineJob({ name: 'traced', steps }),
    { costBudgetUsd: 1 },
    { id, directory, unit: 'cost' },
  );
  if (reason !== 'completed') throw new Error(`the job ended: ${reason}`);
}

/** Answers as the service does, without a network: what arrives when would change from run to run. */
async function answer(_: unknown, { headers, body }: RequestInit = {}): Promise<Response> {
  const id = new Headers(headers).get('x-replay-id') ?? '';
  if (id === KILLED) process.kill(process.pid, 'SIGKILL');
  const exchange = id === outgrowing.id ? outgrowing : ownExchange(id);
  const content = answerOf(exchange, JSON.parse(String(body)));
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return new Response(text, { status: exchange.status, headers: { 'content-type': exchange.contentType } });
}

const story = STORIES[name];
if (story === undefined) throw new Error(`there is no story ${name}`);
await (name === KILLED ? story(Number(times)) : record(story, Number(times)));

async function record(run: (n: number) => Promise<unknown>, warmUp: number): Promise<void> {
  // The SDK starts in a later turn than openai is loaded.
  await settled();
  for (let n = 0; n < warmUp; n += 1) {
    await run(n);
    await settled();
  }
  recorder.start();
  await run(warmUp);
  await settled();
  process.stdout.write(JSON.stringify(recorder.stop()));
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await nextTurn();
}
