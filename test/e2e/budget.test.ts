import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runScript } from '../support/script-run.ts';

const UNTIL_DENIED = `
for (let n = 0; n < 1000; n += 1) {
  try {
    await client.chat.completions.create({ ...CHAT, max_tokens: 100 }, replay('chat-plain'));
  } catch (error) {
    print({ n, ...failure(error), budget: error.budget, limit: error.limit, settled: error.settled, requested: error.requested });
    break;
  }
}
print(await budget().status());
`;

describe('a limit refuses the call that would pass it, before it leaves the process', {
  concurrency: 2,
}, () => {
  for (const [limit, env, value] of [
    ['costUsd', { TOKEN_BUDGET_USD: '0.001' }, 0.001],
    ['tokens', { TOKEN_BUDGET_TOKENS: '1000' }, 1000],
    ['calls', { TOKEN_BUDGET_CALLS: '3' }, 3],
  ] as const) {
    test(limit, async () => {
      const { printed, server, spans, otlp, code } = await runScript({ script: UNTIL_DENIED, env });
      const [denied, status] = printed as [
        Record<string, unknown>,
        { balances: Balances; exhausted: boolean },
      ];
      assert.equal(code, 0);
      assert.equal(denied['code'], 'token_budget_exceeded');
      assert.equal(denied['status'], 402);
      assert.equal(denied['name'], 'BudgetExceededError');
      assert.deepEqual(denied['limit'], { name: limit, value });
      assert.match(String(denied['message']), /was not sent.*Raise the limit/s);
      // What the server answered is what the ledger holds, and the refused call never came to it.
      assert.equal(server.account.length, denied['n']);
      const billed = server.account.reduce(
        (sum, { billed }) => sum + (billed?.input ?? 0) + (billed?.output ?? 0),
        0,
      );
      assert.equal(status.balances.settled.tokens, billed);
      assert.equal(status.balances.settled.calls, denied['n']);
      assert.equal(status.balances.open, 0);
      assert.equal(status.exhausted, true);
      if (limit === 'tokens') assert.ok(billed <= 1000);
      if (limit === 'costUsd') assert.ok(status.balances.settled.costNanoUsd <= 1_000_000);
      const refusal = spans.find(({ attributes }) => attributes['token_budget.decision'] === 'deny');
      assert.equal(refusal?.attributes['error.type'], 'token_budget_exceeded');
      assert.ok(refusal?.events.some(({ name }) => name === 'token_budget.denied'));
      const events = otlp.logs().map(({ eventName }) => eventName);
      for (const name of ['token_budget.denied', 'token_budget.exhausted']) {
        assert.equal(events.filter((one) => one === name).length, 1, name);
      }
    });
  }

  test('minutes', async () => {
    const { printed } = await runScript({
      // A start that took longer than the limit refuses the first call as well.
      script: `await client.chat.completions.create(CHAT, replay('chat-plain')).catch(() => undefined);
        while ((await budget().status()).left.minutes > 0) await new Promise((done) => setTimeout(done, 20));
        await client.chat.completions.create(CHAT, replay('chat-plain')).catch((error) => print({ ...failure(error), limit: error.limit }));`,
      env: { TOKEN_BUDGET_MINUTES: '0.02' },
    });
    const [denied] = printed as [Record<string, unknown>];
    assert.deepEqual(denied['limit'], { name: 'minutes', value: 0.02 });
  });
});

interface Balances {
  readonly settled: { costNanoUsd: number; tokens: number; calls: number };
  readonly open: number;
}

test('calls in parallel never pass a strict limit, and a soft one says by how much it was passed', async () => {
  const script = `
    const results = await Promise.all(Array.from({ length: 50 }, () =>
      client.chat.completions.create({ ...CHAT, max_tokens: 40 }, replay('chat-plain', { delayMs: 20 })).then(() => 'ok', (error) => error.code)));
    print(results);
    print(await budget().status());`;
  const strict = await runScript({ script, env: { TOKEN_BUDGET_TOKENS: '600' } });
  const soft = await runScript({ script, env: { TOKEN_BUDGET_TOKENS: '600', TOKEN_BUDGET_MODE: 'soft' } });
  const spent = ({ server }: typeof strict): number =>
    server.account.reduce((sum, { billed }) => sum + (billed?.input ?? 0) + (billed?.output ?? 0), 0);
  assert.ok(spent(strict) <= 600, `${spent(strict)}`);
  assert.ok(spent(strict) > 0);
  assert.ok(spent(soft) > 600, `${spent(soft)}`);
});

test('observe counts and refuses nothing', async () => {
  const { printed, server } = await runScript({
    script: `for (let n = 0; n < 5; n += 1) await client.chat.completions.create(CHAT, replay('chat-plain')); print(await budget().status());`,
    env: { TOKEN_BUDGET_TOKENS: '20', TOKEN_BUDGET_MODE: 'observe' },
  });
  assert.equal(server.account.length, 5);
  assert.equal((printed[0] as { exhausted: boolean }).exhausted, true);
});

test('thresholds and exhaustion are told once each, in order', async () => {
  const { otlp } = await runScript({
    script: `for (let n = 0; n < 40; n += 1) await client.chat.completions.create(CHAT, replay('chat-plain'));`,
    env: { TOKEN_BUDGET_CALLS: '20', TOKEN_BUDGET_MODE: 'observe' },
  });
  const records = otlp.logs().filter(({ eventName }) => eventName !== 'token_budget.usage_missing');
  const events = records.filter(({ eventName }) => eventName !== 'token_budget.call');
  assert.equal(records.length - events.length, 40);
  assert.deepEqual(
    events.map(({ eventName, attributes }) => [eventName, attributes['token_budget.threshold']]),
    [
      ['token_budget.threshold', 0.5],
      ['token_budget.threshold', 0.8],
      ['token_budget.threshold', 0.95],
      ['token_budget.threshold', 1],
      ['token_budget.exhausted', undefined],
    ],
  );
  assert.ok(events.every(({ traceId, spanId }) => traceId !== '' && spanId !== ''));
});

test('a call without a cap is sent with one where the budget cannot pay for the whole answer', async () => {
  const { server, spans, otlp } = await runScript({
    script: `await client.chat.completions.create(CHAT, replay('chat-plain'));
      await client.responses.create({ model: 'gpt-5.2', input: 'hi' }, replay('responses-plain'));
      await client.chat.completions.create({ ...CHAT, max_completion_tokens: 100000 }, replay('chat-plain'));`,
    env: { TOKEN_BUDGET_TOKENS: '10000' },
  });
  const [chat, responses, capped] = server.account.map(({ body }) => body);
  const caps = spans.map(({ attributes }) => attributes['token_budget.cap.sent']);
  assert.ok(Number(chat?.['max_tokens']) <= 5000 && Number(chat?.['max_tokens']) > 4000);
  assert.equal(chat?.['max_tokens'], caps[0]);
  assert.equal(responses?.['max_output_tokens'], caps[1]);
  assert.equal(capped?.['max_completion_tokens'], caps[2]);
  assert.equal(spans[2]?.attributes['token_budget.cap.asked'], 100_000);
  assert.deepEqual(
    spans.map(({ attributes }) => attributes['token_budget.decision']),
    ['clamp', 'clamp', 'clamp'],
  );
  assert.equal(otlp.logs().filter(({ eventName }) => eventName === 'token_budget.clamped').length, 3);
});

test('a cap of the caller that fits is sent as it is', async () => {
  const { server, spans } = await runScript({
    script: `await client.chat.completions.create({ ...CHAT, max_tokens: 500 }, replay('chat-plain'));`,
    env: { TOKEN_BUDGET_TOKENS: '600' },
  });
  assert.equal(server.account[0]?.body?.['max_tokens'], 500);
  assert.equal(spans[0]?.attributes['token_budget.decision'], 'admit');
});

describe('a model without a known price', { concurrency: 2 }, () => {
  const script = `await client.chat.completions.create({ ...CHAT, model: 'gpt-5.9-private' }, replay('chat-plain'))
    .then(() => print('sent'), (error) => print(failure(error)));`;
  const exchanges = [
    {
      id: 'chat-plain',
      provider: 'openai' as const,
      path: '/v1/chat/completions',
      status: 200,
      contentType: 'application/json',
      stream: false,
      request: {},
      response: {
        id: 'x',
        model: 'gpt-5.9-private',
        choices: [],
        usage: { prompt_tokens: 1_000, completion_tokens: 1_000 },
      },
    },
  ];

  test('is refused by `error`', async () => {
    const { printed, server } = await runScript({ script, exchanges, config: { unknownModel: 'error' } });
    assert.equal((printed[0] as { code: string }).code, 'token_budget_price_unknown');
    assert.equal(server.account.length, 0);
  });

  test('is free by `zero`, and an event says so', async () => {
    const { spans, otlp } = await runScript({ script, exchanges, config: { unknownModel: 'zero' } });
    assert.equal(spans[0]?.attributes['token_budget.cost.nano_usd'], 0);
    assert.ok(otlp.logs().some(({ eventName }) => eventName === 'token_budget.price_unknown'));
  });

  test('costs what is given', async () => {
    const config = { unknownModel: { input: 1, output: 2 } };
    const { spans } = await runScript({ script, exchanges, config });
    assert.equal(spans[0]?.attributes['token_budget.cost.nano_usd'], 3_000_000);
  });

  test('costs what its own private price says', async () => {
    const config = { prices: { 'gpt-5.9-private': { input: 10, output: 20 } } };
    const { spans, otlp } = await runScript({ script, exchanges, config });
    assert.equal(spans[0]?.attributes['token_budget.cost.nano_usd'], 30_000_000);
    assert.ok(!otlp.logs().some(({ eventName }) => eventName === 'token_budget.price_unknown'));
  });

  test('costs as much as the dearest of its family by default', async () => {
    const { spans } = await runScript({ script, exchanges });
    const cost = Number(spans[0]?.attributes['token_budget.cost.nano_usd']);
    assert.equal(spans[0]?.attributes['token_budget.price.source'], 'family');
    assert.ok(cost >= 189_000_000, `${cost}`);
  });
});
