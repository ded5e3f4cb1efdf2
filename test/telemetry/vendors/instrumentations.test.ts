import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { billOf } from '../../support/bill.ts';
import type { OpenaiVersion } from '../../support/paths.ts';
import { runVendor } from './run.ts';

interface Instrumentation {
  /** The newest release of the openai SDK that it supports. */
  readonly openai: OpenaiVersion;
  /** Registers it and gives a client of the SDK. */
  readonly setUp: string;
  /** The exchanges whose spans tell their usage; of the others it makes no span, or one without usage. */
  readonly tells: readonly string[];
  /** The models of spans without usage. */
  readonly silentAbout: readonly string[];
}

const REGISTERED = `
const { registerInstrumentations } = await import('@opentelemetry/instrumentation');
registerInstrumentations({ instrumentations: [new OpenAIInstrumentation()] });
const require = (await import('node:module')).createRequire(import.meta.url);
const client = new (require('openai').OpenAI)({ baseURL: url + '/v1' });
`;

const INSTRUMENTATIONS: Readonly<Record<string, Instrumentation>> = {
  '@opentelemetry/instrumentation-openai': {
    openai: '6',
    setUp: `const { OpenAIInstrumentation } = await import('@opentelemetry/instrumentation-openai');${REGISTERED}`,
    tells: ['chat-plain', 'chat-stream-usage', 'responses-plain', 'responses-stream', 'embeddings-one'],
    silentAbout: [],
  },
  '@traceloop/instrumentation-openai': {
    openai: '6',
    setUp: `const { OpenAIInstrumentation } = await import('@traceloop/instrumentation-openai');${REGISTERED}`,
    tells: ['chat-plain', 'responses-plain', 'completions-plain'],
    silentAbout: ['gpt-4o-mini-2024-07-18', 'gpt-4.1'],
  },
  '@arizeai/openinference-instrumentation-openai': {
    openai: '7',
    setUp: `const { OpenAIInstrumentation } = await import('@arizeai/openinference-instrumentation-openai');${REGISTERED}`,
    tells: ['chat-plain', 'chat-cached', 'responses-plain', 'responses-stream', 'completions-plain'],
    silentAbout: ['gpt-4o-mini', 'text-embedding-3-small'],
  },
  '@langfuse/openai': {
    openai: '7',
    setUp: `const { observeOpenAI } = await import('@langfuse/openai');
      const { OpenAI } = await import('openai');
      const client = observeOpenAI(new OpenAI({ baseURL: url + '/v1' }));`,
    tells: [
      'chat-plain',
      'chat-cached',
      'chat-stream-usage',
      'responses-plain',
      'responses-stream',
      'completions-plain',
    ],
    silentAbout: ['text-embedding-3-small'],
  },
};

/** How each exchange is asked for. */
const CALLS: Readonly<Record<string, string>> = {
  'chat-plain': `client.chat.completions.create({ model: 'gpt-4o-mini', messages }, replay('chat-plain'))`,
  'chat-cached': `client.chat.completions.create({ model: 'gpt-5.2', messages }, replay('chat-cached'))`,
  'chat-stream-usage': `drain(client.chat.completions.create({ model: 'gpt-4o-mini', messages, stream: true, stream_options: { include_usage: true } }, replay('chat-stream-usage')))`,
  'responses-plain': `client.responses.create({ model: 'gpt-4.1', input: 'Hm?' }, replay('responses-plain'))`,
  'responses-stream': `drain(client.responses.create({ model: 'gpt-4.1', input: 'Hm?', stream: true }, replay('responses-stream')))`,
  'embeddings-one': `client.embeddings.create({ model: 'text-embedding-3-small', input: 'The tides at Brest.' }, replay('embeddings-one'))`,
  'completions-plain': `client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'The tides at Brest today, in one line.' }, replay('completions-plain'))`,
};

function script(setUp: string, ids: readonly string[]): string {
  return `${setUp}
    const messages = [{ role: 'user', content: 'Hm?' }];
    const drain = async (stream) => { for await (const _ of await stream); };
    ${ids.map((id) => `await ${CALLS[id]};`).join('\n')}`;
}

const ALL = Object.keys(CALLS);

for (const [name, { openai, setUp, tells, silentAbout }] of Object.entries(INSTRUMENTATIONS)) {
  describe(name, { concurrency: 2 }, () => {
    test('with ours: each call is charged once, exactly', async () => {
      const run = { workspace: 'instrumentations', openai, with: 'preload' } as const;
      // The SDK of the preload starts with the first call, whose span of the other instrumentation it does not see.
      const { settled, server, vendorSpans } = await runVendor({
        ...run,
        script: script(setUp, [...ALL, 'chat-plain']),
      });
      assert.equal(server.account.length, ALL.length + 1);
      assert.deepEqual(settled, billOf(server.account));
      assert.ok(vendorSpans.length >= tells.length, String(vendorSpans));
    });

    test('without ours: what its spans tell is charged, and what they do not tell is reported', async () => {
      const run = { workspace: 'instrumentations', openai, with: 'alone' } as const;
      const { settled, missing, server, vendorSpans } = await runVendor({
        ...run,
        script: script(setUp, ALL),
      });
      const told = server.account.filter(({ id }) => id !== undefined && tells.includes(id));
      const bill = billOf(told);
      // Not every one tells what was read from the cache, and then that is not cheaper.
      const cached = tells.includes('chat-cached') ? bill : undefined;
      if (cached !== undefined) assert.deepEqual(settled, bill);
      else assert.deepEqual(settled, withFullPrice(bill));
      assert.deepEqual(missing.map(({ model }) => model).sort(), [...silentAbout].sort());
      assert.ok(missing.every(({ charged }) => charged === 'nothing'));
      assert.equal(vendorSpans.length, settled.calls + missing.length);
    });
  });
}

/** A bill with the cached exchange at the full price of its 1,203 and 9 tokens of gpt-5.2. */
function withFullPrice(bill: ReturnType<typeof billOf>): ReturnType<typeof billOf> {
  return {
    costNanoUsd: bill.costNanoUsd + 1_203 * 1_750 + 9 * 14_000,
    tokens: bill.tokens + 1_203 + 9,
    calls: bill.calls + 1,
  };
}
