import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Exchange } from '../support/exchange.ts';
import { registerPath } from '../support/paths.ts';
import { runScript } from '../support/script-run.ts';

/** A stream that gives a word a chunk, however low its cap is. */
function wordy(words: number): Exchange {
  const chunk = (delta: object, finish: string | null = null) =>
    `data: ${JSON.stringify({ id: 'x', model: 'gpt-4o-mini', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  return {
    id: 'wordy',
    provider: 'openai',
    path: '/v1/chat/completions',
    status: 200,
    contentType: 'text/event-stream',
    stream: true,
    request: {},
    response: `${chunk({ content: ' tide' }).repeat(words)}${chunk({}, 'stop')}data: [DONE]\n\n`,
  };
}

const READ_WORDY = `
let words = 0;
try {
  const stream = await client.chat.completions.create({ ...CHAT, max_tokens: 50, stream: true }, replay('wordy', { chunkBytes: 400, chunkDelayMs: 2 }));
  for await (const chunk of stream) if (chunk.choices[0].delta.content) words += 1;
  print({ words });
} catch (error) {
  print({ words, ...failure(error) });
}
print(await budget().status());`;

interface Status {
  readonly balances: { settled: { tokens: number; calls: number; costNanoUsd: number }; open: number };
}

describe('a stream of a server that ignores the cap', { concurrency: 2 }, () => {
  test('goes on while the budget pays for it', async () => {
    const { printed, spans } = await runScript({
      script: READ_WORDY,
      exchanges: [wordy(400)],
      env: { TOKEN_BUDGET_TOKENS: '10000' },
    });
    assert.deepEqual(printed[0], { words: 400 });
    assert.equal(spans[0]?.attributes['gen_ai.usage.output_tokens'], 401);
    assert.equal((printed[1] as Status).balances.open, 0);
  });

  test('ends after the last chunk that is paid for, and its request is aborted', async () => {
    const { printed, server, spans } = await runScript({
      script: READ_WORDY,
      exchanges: [wordy(5_000)],
      env: { TOKEN_BUDGET_TOKENS: '500' },
    });
    const { words, code } = printed[0] as { words: number; code: string };
    assert.equal(code, 'token_budget_exceeded');
    assert.ok(words > 400 && words <= 500, `${words}`);
    assert.equal(server.account[0]?.outcome, 'aborted');
    assert.equal(spans[0]?.attributes['error.type'], 'token_budget_exceeded');
    const { settled, open } = (printed[1] as Status).balances;
    // The chunk that passed the limit was generated, and is counted.
    assert.ok(settled.tokens <= 502, `${settled.tokens}`);
    assert.equal(open, 0);
  });
});

describe('attempts that may have been billed', { concurrency: 2 }, () => {
  const RETRY = (budget: string) => ({
    script: `
      const patient = new OpenAI({ apiKey: 'x', baseURL: url + '/v1', maxRetries: 2, timeout: 150 });
      await patient.chat.completions.create({ ...CHAT, max_tokens: 100 }, replay('chat-plain', { hang: true })).catch((error) => print(failure(error)));
      print(await budget().status());`,
    env: { TOKEN_BUDGET_TOKENS: budget },
  });

  test('are each charged in full', async () => {
    const { printed, server, spans } = await runScript(RETRY('10000'));
    assert.equal(server.account.length, 3);
    const { settled, open } = (printed[1] as Status).balances;
    assert.ok(settled.tokens > 3 * 100, `${settled.tokens}`);
    assert.equal(settled.calls, 3);
    assert.equal(open, 0);
    assert.ok(Number(spans[0]?.attributes['token_budget.attempts.cost']) > 0);
  });

  test('end in a refusal where the next is not paid for', async () => {
    const { printed, server } = await runScript(RETRY('200'));
    assert.equal((printed[0] as { code: string }).code, 'token_budget_exceeded');
    assert.equal(server.account.length, 1);
    assert.ok((printed[1] as Status).balances.settled.tokens <= 200);
  });

  test('that the service refused are free', async () => {
    const { printed, server } = await runScript({
      script: `
        const patient = new OpenAI({ apiKey: 'x', baseURL: url + '/v1', maxRetries: 2 });
        await patient.chat.completions.create(CHAT, replay('chat-plain', { status: 429, headers: { 'retry-after-ms': '5' } })).catch((error) => print(failure(error)));
        print(await budget().status());`,
      env: { TOKEN_BUDGET_TOKENS: '10000' },
    });
    assert.equal(server.account.length, 3);
    assert.deepEqual((printed[1] as Status).balances.settled, { costNanoUsd: 0, tokens: 0, calls: 0 });
  });
});

/** What is charged for a call whose response is dropped: it is open at first, and charged once it is collected. */
async function chargedOnceCollected(call: string): Promise<Status['balances']> {
  const { printed } = await runScript({
    script: `
      await (async () => { await ${call}; })();
      print((await budget().status()).balances.open);
      for (let n = 0; n < 50 && (await budget().status()).balances.open > 0; n += 1) { globalThis.gc(); await new Promise((done) => setTimeout(done, 20)); }
      print(await budget().status());`,
    args: ['--expose-gc', '--require', registerPath],
    env: { TOKEN_BUDGET_TOKENS: '10000' },
  });
  assert.equal(printed[0], 1);
  return (printed[1] as Status).balances;
}

const STREAM = `client.chat.completions.create({ ...CHAT, max_tokens: 60, stream: true }, replay('chat-stream-plain'))`;
const PLAIN = `client.chat.completions.create({ ...CHAT, max_tokens: 60, stream: false }, replay('chat-plain'))`;

test('a stream that nobody reads is charged once it is collected', async () => {
  const { settled, open } = await chargedOnceCollected(STREAM);
  assert.equal(open, 0);
  assert.ok(settled.tokens >= 60, `${settled.tokens}`);
});

for (const [how, call] of Object.entries({
  'is never read': `${PLAIN}.asResponse()`,
  'of a stream is never read': `${STREAM}.asResponse()`,
  'is left in the middle': `${STREAM}.asResponse().then(async ({ body }) => { await body.getReader().read(); })`,
})) {
  test(`a raw response whose body ${how} is charged once it is collected`, async () => {
    const { settled, open } = await chargedOnceCollected(call);
    assert.deepEqual([open, settled.calls], [0, 1]);
  });
}

test('a raw stream is read to its end after its response was collected', async () => {
  const { printed, server } = await runScript({
    script: `
      const reader = await (async () => (await client.chat.completions.create({ ...CHAT, max_tokens: 60, stream: true }, replay('chat-stream-plain', { chunkDelayMs: 20 })).asResponse()).body.getReader())();
      for (;;) { globalThis.gc(); await new Promise((done) => setTimeout(done, 5)); globalThis.gc(); const { done } = await reader.read(); if (done) break; }
      print(await budget().status());`,
    args: ['--expose-gc', '--require', registerPath],
    env: { TOKEN_BUDGET_TOKENS: '10000' },
  });
  const { settled, open } = (printed[0] as Status).balances;
  assert.deepEqual([open, settled.calls], [0, 1]);
  const billed = server.account[0]?.billed;
  assert.equal(settled.tokens, (billed?.input ?? 0) + (billed?.output ?? 0));
});

describe('a call may wait for what is reserved', { concurrency: 2 }, () => {
  const PARALLEL = `
    const send = (n, options = {}) => client.chat.completions.create({ ...CHAT, max_tokens: 100 }, { ...replay('chat-plain', { delayMs: 100 }), ...options })
      .then(() => ({ n, ok: true }), (error) => ({ n, code: error.code, name: error.constructor.name }));`;

  test('and is admitted in its turn', async () => {
    const { printed, server } = await runScript({
      script: `${PARALLEL} print(await Promise.all([0, 1, 2, 3].map((n) => send(n)))); print(await budget().status());`,
      config: { waitMs: 5_000, limits: { tokens: 300 } },
    });
    assert.ok(
      (printed[0] as { ok?: boolean }[]).every(({ ok }) => ok === true),
      JSON.stringify(printed[0]),
    );
    assert.equal(server.account.length, 4);
  });

  test('and is denied once its time is over', async () => {
    const { printed } = await runScript({
      script: `${PARALLEL} print(await Promise.all([0, 1].map((n) => send(n))));`,
      config: { waitMs: 20, limits: { tokens: 150 } },
    });
    assert.deepEqual((printed[0] as { code?: string }[]).map(({ code }) => code ?? 'ok').sort(), [
      'ok',
      'token_budget_exceeded',
    ]);
  });

  test('and leaves the queue when its signal is aborted', async () => {
    const { printed, server } = await runScript({
      script: `${PARALLEL}
        print(await Promise.all([send(0), send(1, { signal: AbortSignal.timeout(30) }), send(2)]));`,
      config: { waitMs: 5_000, limits: { tokens: 160 } },
    });
    const [first, second, third] = printed[0] as { ok?: boolean; name?: string }[];
    assert.deepEqual([first?.ok, second?.name, third?.ok], [true, 'APIUserAbortError', true]);
    assert.equal(server.account.length, 2);
  });
});

describe('budgets in a chain', { concurrency: 2 }, () => {
  test('are each charged, and the narrowest refuses', async () => {
    const { printed } = await runScript({
      script: `
        for (let n = 0; n < 10; n += 1) await client.chat.completions.create({ ...CHAT, max_tokens: 30 }, replay('chat-plain')).catch((error) => { print({ n, budget: error.budget, limit: error.limit }); });`,
      config: { name: 'job', limits: { tokens: 100_000 }, parent: { name: 'team', limits: { calls: 9 } } },
    });
    assert.deepEqual(printed, [{ n: 9, budget: 'team', limit: { name: 'calls', value: 9 } }]);
  });

  test('of jobs in parallel in one process are apart, and share their parent', async () => {
    const { printed, spans } = await runScript({
      script: `
        const { withBudget, defineBudget, MemoryStore, TokenBudgetTracker } = await import(process.env.PACKAGE);
        const store = new MemoryStore();
        const team = defineBudget({ name: 'team', limits: { calls: 100 } });
        const job = (name, calls) => new TokenBudgetTracker(defineBudget({ name, limits: { calls }, parent: team }), { store });
        const run = (tracker, calls) => withBudget(tracker, async () => {
          let sent = 0;
          for (let n = 0; n < calls; n += 1) {
            await client.chat.completions.create({ ...CHAT, max_tokens: 30 }, replay('chat-plain', { delayMs: 5 })).then(() => (sent += 1), () => {});
          }
          return sent;
        });
        print(await Promise.all([run(job('a', 3), 5), run(job('b', 4), 5), run(job('c', 10), 5)]));
        print((await new TokenBudgetTracker(team, { store }).status()).balances.settled.calls);
        print((await budget().status()).balances.settled.calls);`,
      env: { TOKEN_BUDGET_USD: '5' },
    });
    assert.deepEqual(printed, [[3, 4, 5], 12, 0]);
    const names = spans.map(({ attributes }) => attributes['token_budget.name']);
    assert.deepEqual([...new Set(names)].sort(), ['a', 'b', 'c']);
  });
});
