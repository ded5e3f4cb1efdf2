import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EmbeddingModelMiddleware, LanguageModelMiddleware } from 'ai';
import { type BudgetEvent, BudgetExceededError, type BudgetStatus } from '../../../src/budget/index.ts';
import { NoBudgetError } from '../../../src/calls/default-services.ts';
import { budgetMiddleware } from '../../../src/clients/ai-sdk/index.ts';
import { chatPlan } from '../../../src/clients/ai-sdk/plan.ts';
import { chatRequestOf } from '../../../src/clients/ai-sdk/prompt.ts';
import { chatChunkOf, chatResponseOf } from '../../../src/clients/ai-sdk/result.ts';
import { countInput } from '../../../src/tokens/index.ts';
import { readUsage, tokenUsage } from '../../../src/usage/index.ts';
import { trackerOf } from '../budgeted-fetch.ts';

const PARAMS = { prompt: [{ role: 'user', content: [{ type: 'text', text: 'Hm?' }] }] };

/** A result of specification 4. */
const RESULT = {
  content: [{ type: 'text', text: 'Aye.' }],
  finishReason: { unified: 'stop', raw: 'stop' },
  usage: {
    inputTokens: { total: 1_000, noCache: 600, cacheRead: 400, cacheWrite: 0 },
    outputTokens: { total: 100, text: 40, reasoning: 60 },
  },
  response: { id: 'r', modelId: 'gpt-5.2' },
};

/** A model that responds with `result`, and remembers the options of its calls. */
function modelOf(result: unknown, provider = 'openai.responses', modelId = 'gpt-5.2') {
  const calls: Record<string, unknown>[] = [];
  const respond = (params: object): Promise<unknown> => {
    calls.push({ ...params });
    return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
  };
  return { provider, modelId, calls, doGenerate: respond, doStream: respond };
}

function setUp(limits: Parameters<typeof trackerOf>[0], result: unknown, ...names: string[]) {
  const tracker = trackerOf(limits);
  const events: BudgetEvent[] = [];
  tracker.on((event) => events.push(event));
  const middleware = budgetMiddleware({ tracker });
  const model = modelOf(result, ...names);
  return {
    model,
    events,
    settled: () => (tracker.status() as BudgetStatus).balances,
    generate: (params: object = PARAMS) =>
      middleware.wrapGenerate({ doGenerate: () => model.doGenerate(params), params, model }),
    stream: async (params: object = PARAMS) => {
      const result = await middleware.wrapStream({ doStream: () => model.doStream(params), params, model });
      return (result as { stream: ReadableStream<unknown> }).stream;
    },
  };
}

function streamOf(...parts: readonly unknown[]): { stream: ReadableStream<unknown> } {
  return { stream: ReadableStream.from(parts) };
}

async function collect(stream: ReadableStream<unknown>): Promise<unknown[]> {
  const parts: unknown[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

describe('budgetMiddleware', () => {
  it('has the types of a middleware of the AI SDK', () => {
    const middleware = budgetMiddleware({ tracker: trackerOf({ calls: 1 }) });
    const language: LanguageModelMiddleware = middleware;
    const embedding: EmbeddingModelMiddleware = middleware;
    assert.equal(language, embedding);
  });

  it('charges the usage of a result, and returns it unchanged', async () => {
    const { generate, settled } = setUp({ costUsd: 1 }, RESULT);
    assert.equal(await generate(), RESULT);
    // 600 × $1.75, 400 × $0.175 and 100 × $14 a million.
    assert.deepEqual(settled().settled, { costNanoUsd: 2_520_000, tokens: 1_100, calls: 1 });
    assert.equal(settled().open, 0);
  });

  it('lowers maxOutputTokens to the remaining budget, and changes nothing else', async () => {
    const { generate, model } = setUp({ tokens: 2_000 }, RESULT);
    await generate({ ...PARAMS, maxOutputTokens: 50_000, temperature: 0 });
    const [options] = model.calls;
    assert.ok(Number(options?.['maxOutputTokens']) < 2_000);
    assert.deepEqual({ ...options, maxOutputTokens: 1 }, { ...PARAMS, maxOutputTokens: 1, temperature: 0 });
  });

  it('refuses before the model is called', async () => {
    const { generate, stream, model } = setUp({ tokens: 5 }, RESULT);
    await assert.rejects(generate(), BudgetExceededError);
    await assert.rejects(stream(), BudgetExceededError);
    assert.equal(model.calls.length, 0);
  });

  it('passes on errors of the model: charges nothing with an error status, the reservation without', async () => {
    const refused = Object.assign(new Error('busy'), { statusCode: 429 });
    const free = setUp({ costUsd: 1 }, refused);
    await assert.rejects(free.generate(), refused);
    assert.equal(free.settled().settled.calls, 0);
    // The AI SDK reports the status of a response, 200, if it cannot parse it.
    const unread = Object.assign(new Error('unreadable'), { statusCode: 200 });
    const charged = setUp({ costUsd: 1 }, unread);
    await assert.rejects(charged.generate({ ...PARAMS, maxOutputTokens: 100 }), unread);
    assert.equal(charged.settled().settled.calls, 1);
    assert.ok(charged.settled().settled.tokens > 100);
  });

  it('charges a stream by its last part, and passes all parts', async () => {
    const parts = [
      { type: 'stream-start', warnings: [] },
      { type: 'response-metadata', id: 'r', modelId: 'gpt-5.2' },
      { type: 'text-delta', id: '1', delta: 'Aye.' },
      null,
      { type: 'finish', usage: RESULT.usage, finishReason: RESULT.finishReason },
    ];
    const { stream, settled } = setUp({ costUsd: 1 }, streamOf(...parts));
    assert.deepEqual(await collect(await stream()), parts);
    assert.deepEqual(settled().settled, { costNanoUsd: 2_520_000, tokens: 1_100, calls: 1 });
  });

  it('ends a stream that the budget can no longer pay for', async () => {
    const deltas = Array.from({ length: 200 }, () => ({
      type: 'text-delta',
      id: '1',
      delta: ' anchor rope',
    }));
    const { stream, settled } = setUp({ tokens: 150 }, streamOf(...deltas), 'openai.chat', 'gpt-4o-mini');
    await assert.rejects(collect(await stream({ ...PARAMS, maxOutputTokens: 20 })), BudgetExceededError);
    assert.equal(settled().settled.calls, 1);
    assert.equal(settled().open, 0);
  });

  it('charges a stream that fails, or whose reader cancels it', async () => {
    const part = { type: 'text-delta', id: '1', delta: 'Aye' };
    const failed = setUp({ costUsd: 1 }, streamOf(part, { type: 'error', error: new Error('lost') }));
    await collect(await failed.stream());
    const cancelled = setUp({ costUsd: 1 }, streamOf(part, part, part));
    const reader = (await cancelled.stream()).getReader();
    await reader.read();
    await reader.cancel();
    for (const { settled, events } of [failed, cancelled]) {
      assert.equal(settled().settled.calls, 1);
      assert.equal(settled().open, 0);
      assert.partialDeepStrictEqual(
        events.find(({ type }) => type === 'usage_missing'),
        { charged: 'reservation' },
      );
    }
  });

  it('prices by the provider of the model, or of the gateway’s model', () => {
    for (const [provider, modelId, name, model] of [
      ['anthropic.messages', 'claude-sonnet-4-6', 'anthropic', 'claude-sonnet-4-6'],
      ['gateway', 'anthropic/claude-sonnet-4-6', 'anthropic', 'claude-sonnet-4-6'],
      ['azure.chat', 'my-deployment', 'azure.ai.openai', 'my-deployment'],
      ['google.generative-ai', 'gemini-2.5-pro', 'gcp.gemini', 'gemini-2.5-pro'],
      ['togetherai', 'org/model', 'togetherai', 'org/model'],
    ] as const) {
      const plan = chatPlan({ provider, modelId }, PARAMS, false);
      assert.deepEqual([plan?.provider.name, plan?.model], [name, model]);
    }
  });

  for (const result of [
    undefined,
    null,
    'text',
    {},
    { content: 3, usage: 'x' },
    { usage: { inputTokens: -4 } },
  ]) {
    it(`returns a result that is ${JSON.stringify(result)}, and charges the call`, async () => {
      const { generate, settled } = setUp({ costUsd: 1 }, result);
      assert.equal(await generate(), result);
      assert.equal(settled().settled.calls, 1);
    });
  }

  it('throws a NoBudgetError without a tracker or a preload', () => {
    assert.throws(() => budgetMiddleware(), NoBudgetError);
  });
});

describe('the translation of the AI SDK into Chat Completions', () => {
  const long = 'word '.repeat(200);
  const upper = (params: object) =>
    countInput('chat', chatRequestOf('gpt-5.2', { ...PARAMS, ...params })).upper;
  const withPart = (part: object, role = 'user') => upper({ prompt: [{ role, content: [part] }] });

  it('includes every part of the prompt', () => {
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC',
      'base64',
    );
    assert.ok(upper({ prompt: [{ role: 'system', content: long }] }) > 200);
    assert.ok(withPart({ type: 'reasoning', text: long }, 'assistant') > 200);
    assert.ok(withPart({ type: 'tool-call', toolName: 'n', input: { long } }, 'assistant') > 200);
    const output = { type: 'content', value: [{ type: 'text', text: long }] };
    assert.ok(withPart({ type: 'tool-result', toolCallId: 't', output }, 'tool') > 200);
    assert.ok(
      withPart({ type: 'tool-result', toolCallId: 't', output: { type: 'json', value: { long } } }, 'tool') >
        200,
    );
    assert.ok(upper({ tools: [{ type: 'function', name: 'n', description: long, inputSchema: {} }] }) > 200);
    for (const data of [png, png.toString('base64'), { type: 'data', data: png }])
      assert.ok(withPart({ type: 'file', mediaType: 'image/png', data }) < 400);
    for (const data of [
      new URL('https://example.org/a.png'),
      { type: 'url', url: new URL('https://example.org/a.png') },
    ])
      assert.ok(withPart({ type: 'file', mediaType: 'image/png', data }) > 700);
  });

  it('is incomplete if the provider adds input', () => {
    const complete = (params: object) =>
      countInput('chat', chatRequestOf('gpt-5.2', { ...PARAMS, ...params })).complete;
    assert.equal(complete({}), true);
    assert.equal(
      complete({ tools: [{ type: 'provider', id: 'openai.web_search', name: 'web_search' }] }),
      false,
    );
    const file = { type: 'file', mediaType: 'application/pdf', data: new URL('https://example.org/a.pdf') };
    assert.equal(complete({ prompt: [{ role: 'user', content: [file] }] }), false);
    const pdf = { ...file, data: Buffer.from('%PDF-1.7') };
    assert.equal(complete({ prompt: [{ role: 'user', content: [pdf] }] }), false);
  });

  it('reads the usage of each specification', () => {
    const expected = tokenUsage({ input: 1_000, cachedInput: 400, output: 100, reasoning: 60 });
    const flat = { inputTokens: 1_000, cachedInputTokens: 400, outputTokens: 100, reasoningTokens: 60 };
    for (const usage of [RESULT.usage, flat]) {
      assert.deepEqual(readUsage(chatResponseOf({ usage })['usage']).usage, expected);
      assert.deepEqual(readUsage(chatChunkOf({ type: 'finish', usage })?.['usage']).usage, expected);
    }
    const separate = { inputTokens: 20, cachedInputTokens: 400, outputTokens: 9 };
    assert.equal(readUsage(chatResponseOf({ usage: separate })['usage']).usage.input, 420);
  });
});
