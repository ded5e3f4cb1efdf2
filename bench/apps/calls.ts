/**
 * The time of one call after another against an in-process `fetch`, which gives its answer in a later turn of the event loop, as a
 * network does. Prints microseconds a call: of each batch the mean, of the batches the median.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { clientOf } from './client.ts';

export interface CallsOptions {
  /** The folder whose `openai` is called. */
  readonly from: string;
  readonly api: 'chat' | 'responses';
  readonly warmUp: number;
  readonly batches: number;
  /** How many calls are in one. */
  readonly batch: number;
}

export interface CallsResult {
  /** Wall clock, microseconds. */
  readonly callUs: number;
  /** Time of the application's thread on a processor, microseconds: other processes of the machine do not add to it. */
  readonly threadUs: number;
  /** Time of all threads on processors, microseconds. */
  readonly cpuUs: number;
}

const options = JSON.parse(process.argv[2] ?? '') as CallsOptions;

const ANSWERS = {
  chat: {
    id: 'chatcmpl-0123456789abcdefghijklmnopqrs',
    object: 'chat.completion',
    created: 1_790_000_000,
    model: 'gpt-4o-mini-2024-07-18',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: 'Hello! How can I help you today?',
          refusal: null,
          annotations: [],
        },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 20,
      completion_tokens: 9,
      total_tokens: 29,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    },
    service_tier: 'default',
    system_fingerprint: 'fp_0123456789',
  },
  responses: {
    id: 'resp_0123456789abcdef0123456789abcdef0123456789abcdef',
    object: 'response',
    created_at: 1_790_000_000,
    status: 'completed',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: 100,
    model: 'gpt-4o-mini-2024-07-18',
    output: [
      {
        id: 'msg_0123456789abcdef0123456789abcdef0123456789abcdef',
        type: 'message',
        status: 'completed',
        content: [
          { type: 'output_text', annotations: [], logprobs: [], text: 'Hello! How can I help you today?' },
        ],
        role: 'assistant',
      },
    ],
    parallel_tool_calls: true,
    previous_response_id: null,
    service_tier: 'default',
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage: {
      input_tokens: 20,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 9,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 29,
    },
    metadata: {},
  },
};

const answer = JSON.stringify(ANSWERS[options.api]);
const headers = { 'content-type': 'application/json', 'x-request-id': 'req_0123456789' };
const client = clientOf(options.from, async () => {
  await turn();
  return new Response(answer, { headers });
});
const messages = [
  { role: 'system' as const, content: 'Be short.' },
  { role: 'user' as const, content: 'Say hello to the people who read this.' },
];
const call =
  options.api === 'chat'
    ? () =>
        client.chat.completions.create({ model: 'gpt-4o-mini', max_tokens: 100, temperature: 0.5, messages })
    : () =>
        client.responses.create({
          model: 'gpt-4o-mini',
          max_output_tokens: 100,
          temperature: 0.5,
          input: messages,
        });

for (let done = 0; done < options.warmUp; done += 1) await call();
const means: number[] = [];
const cpu = process.cpuUsage();
const thread = process.threadCpuUsage();
for (let batch = 0; batch < options.batches; batch += 1) {
  const from = performance.now();
  for (let done = 0; done < options.batch; done += 1) await call();
  means.push(((performance.now() - from) / options.batch) * 1_000);
}
const calls = options.batch * options.batches;
// Of all batches together: the clock of a thread may tick in steps of 4 ms.
const perCall = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / calls;
const middle = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const result: CallsResult = {
  callUs: middle(means),
  threadUs: perCall(process.threadCpuUsage(thread)),
  cpuUs: perCall(process.cpuUsage(cpu)),
};
process.stdout.write(JSON.stringify(result), () => process.exit());
