import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { agentModel } from '../support/agent-model.ts';
import { billOf } from '../support/bill.ts';
import { runScript, type ScriptRun } from '../support/script-run.ts';

/** The tracker of a process without the preload. */
const OWN_TRACKER = `
const { defineBudget, MemoryStore, TokenBudgetTracker } = await import('otel-token-budget');
const tracker = new TokenBudgetTracker(defineBudget({ name: 'mine', limits: { calls: Number(process.env.TOKEN_BUDGET_CALLS) } }), { store: new MemoryStore() });
`;

/** Makes each call once with a budget for exactly these calls, and once more when it is spent. */
const TWICE = `
const tracked = typeof tracker === 'undefined' ? budget() : tracker;
for (const way of ways) print({ text: await way() });
print({ settled: (await tracked.status()).balances.settled });
let denials = 0;
tracked.on(({ type }) => { if (type === 'denied') denials += 1; });
const refusals = [];
for (const way of ways) {
  const before = denials;
  const error = await way().then(() => ({ name: 'none' }), (error) => error);
  refusals.push({ name: error.name, code: error.code ?? error.error?.error?.code, status: error.status, denials: denials - before });
}
print({ refusals });
`;

interface Refusal {
  readonly name: string;
  readonly code: string;
  readonly status: number;
  readonly denials: number;
}

async function runClients(
  script: string,
  calls: number,
  rest: Partial<ScriptRun> = {},
): Promise<{ refusals: Refusal[]; spans: number }> {
  const result = await runScript({
    workspace: 'ai-sdk',
    openaiLate: true,
    choose: agentModel,
    script: script + TWICE,
    config: { includeUsage: 'always' },
    ...rest,
    env: {
      TOKEN_BUDGET_CALLS: String(calls),
      OPENAI_API_KEY: 'sk-secret-key',
      ANTHROPIC_API_KEY: 'sk-secret-key',
    },
  });
  assert.equal(result.code, 0, result.stderr);
  const printed = result.printed as { text?: unknown; settled?: object; refusals?: Refusal[] }[];
  const { account } = result.server;
  assert.equal(account.length, calls);
  assert.deepEqual(printed.find(({ settled }) => settled)?.settled, billOf(account));
  const texts = printed.flatMap(({ text }) => (text === undefined ? [] : [text]));
  for (const text of texts) assert.match(String(text), /\w/);
  const refusals = printed.find((line) => line.refusals)?.refusals ?? [];
  assert.equal(refusals.length, texts.length);
  return { refusals, spans: result.spans.length };
}

function assertRefused(refusals: readonly Refusal[], name: string): void {
  for (const refusal of refusals)
    assert.deepEqual(refusal, { name, code: 'token_budget_exceeded', status: 402, denials: 1 });
}

const ANTHROPIC = `
const { default: Anthropic } = await import('@anthropic-ai/sdk');
const request = { model: 'claude-sonnet-4-6', max_tokens: 200, messages: [{ role: 'user', content: 'How warm is it in Nuuk?' }] };
const claude = (fetch) => [
  async () => (await new Anthropic({ baseURL: url, fetch }).messages.create(request)).content[0].text,
  async () => (await new Anthropic({ baseURL: url, fetch }).messages.stream(request).finalMessage()).content[0].text,
];
`;

const OPENAI = `
const { default: OpenAI } = await import('openai');
const gpt = (fetch) => [
  async () => (await new OpenAI({ baseURL: url + '/v1', fetch }).chat.completions.create(CHAT)).choices[0].message.content,
  async () => {
    let text = '';
    for await (const event of await new OpenAI({ baseURL: url + '/v1', fetch }).responses.create({ model: 'gpt-4.1', input: 'Hm?', stream: true })) text += event.delta ?? '';
    return text;
  },
];
`;

const AI_SDK = `
const { embed, generateText, stepCountIs, streamText, tool, wrapEmbeddingModel, wrapLanguageModel } = await import('ai');
const { createOpenAI } = await import('@ai-sdk/openai');
const { createAnthropic } = await import('@ai-sdk/anthropic');
const { z } = await import('zod');
const weather_at = tool({ description: 'The temperature at a place, now.', inputSchema: z.object({ place: z.string() }), execute: async () => '4 °C' });
const question = { prompt: 'How warm is it in Nuuk?', tools: { weather_at }, stopWhen: stepCountIs(3) };
const streamed = async (model) => {
  let error;
  let text = '';
  for await (const piece of streamText({ model, ...question, onError: (event) => { error = event.error; } }).textStream) text += piece;
  if (error) throw error;
  return text;
};
/** Eleven calls, of a model that is cheaper than those which answer: a cheaper one would not be believed. */
const models = (fetch, middleware) => {
  const openai = createOpenAI({ baseURL: url + '/v1', fetch });
  const anthropic = createAnthropic({ baseURL: url + '/v1', fetch });
  const wrap = (model) => (middleware ? wrapLanguageModel({ model, middleware }) : model);
  const wrapEmbedding = (model) => (middleware ? wrapEmbeddingModel({ model, middleware }) : model);
  return [
    async () => (await generateText({ model: wrap(openai.chat('gpt-4.1-nano')), ...question })).text,
    async () => (await generateText({ model: wrap(openai('gpt-4.1-nano')), ...question })).text,
    () => streamed(wrap(openai.chat('gpt-4.1-nano'))),
    async () => (await generateText({ model: wrap(anthropic('claude-sonnet-4-6')), ...question })).text,
    () => streamed(wrap(anthropic('claude-sonnet-4-6'))),
    async () => (await embed({ model: wrapEmbedding(openai.embedding('text-embedding-3-small')), value: 'Nuuk' })).embedding.length,
  ];
};
`;

const FETCH = `const { budgetFetch } = await import('otel-token-budget/fetch');`;
const MIDDLEWARE = `const { budgetMiddleware } = await import('otel-token-budget/ai-sdk');`;

describe('clients with a budgetFetch', { concurrency: 2 }, () => {
  test('@anthropic-ai/sdk under the preload, whose own spans are not charged again', async () => {
    const script = `${FETCH}${ANTHROPIC} const ways = claude(budgetFetch());`;
    const { refusals, spans } = await runClients(script, 2);
    assertRefused(refusals, 'PaymentRequiredError');
    assert.equal(spans, 4);
  });

  test('openai under the preload, which meters the same calls', async () => {
    const script = `${FETCH}${OPENAI} const ways = gpt(budgetFetch());`;
    const { refusals, spans } = await runClients(script, 2);
    assertRefused(refusals, 'BudgetExceededError');
    assert.equal(spans, 4);
  });

  test('openai without the preload', async () => {
    const script = `${OWN_TRACKER}${FETCH}${OPENAI} const ways = gpt(budgetFetch({ tracker }));`;
    const { refusals } = await runClients(script, 2, { args: [] });
    assertRefused(refusals, 'Error');
  });

  test('the AI SDK, through the fetch of its providers', async () => {
    const script = `${OWN_TRACKER}${FETCH}${AI_SDK} const ways = models(budgetFetch({ tracker, includeUsage: 'always' }));`;
    const { refusals } = await runClients(script, 11, { args: [] });
    assertRefused(refusals, 'BudgetExceededError');
  });

  test('all clients that use the global fetch', async () => {
    const script = `${FETCH} globalThis.fetch = budgetFetch();${ANTHROPIC}${AI_SDK} const ways = [...models(), ...claude()];`;
    await runClients(script, 13);
  });
});

describe('the AI SDK with a budgetMiddleware', { concurrency: 2 }, () => {
  test('under the preload', async () => {
    const script = `${MIDDLEWARE}${AI_SDK} const ways = models(undefined, budgetMiddleware());`;
    const { refusals, spans } = await runClients(script, 11);
    assertRefused(refusals, 'BudgetExceededError');
    assert.equal(spans, 17);
  });

  test('without the preload, over a budgetFetch that meters the same calls', async () => {
    const script = `${OWN_TRACKER}${FETCH}${MIDDLEWARE}${AI_SDK}
      const ways = models(budgetFetch({ tracker }), budgetMiddleware({ tracker }));`;
    const { refusals } = await runClients(script, 11, { args: [] });
    assertRefused(refusals, 'BudgetExceededError');
  });

  test('and its own telemetry, whose spans are not charged again', async () => {
    const script = `${MIDDLEWARE}${AI_SDK}
      const { registerTelemetry } = await import('ai');
      const { LegacyOpenTelemetry, OpenTelemetry } = await import('@ai-sdk/otel');
      // The first call starts the SDK of the preload.
      registerTelemetry(new OpenTelemetry(), new LegacyOpenTelemetry());
      const ways = models(undefined, budgetMiddleware());`;
    await runClients(script, 11);
  });
});
