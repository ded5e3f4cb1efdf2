import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { budgetedClient, startApi } from '../support/budgeted-client.ts';

/*
 * A service that keeps its own account bills more than was reserved. gpt-4o-mini costs 150 nano-USD per input
 * and 600 per output token, gpt-4o 2,500 and 10,000.
 */

interface Answer {
  readonly model?: string;
  readonly service_tier?: string;
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
  readonly choices?: number;
}

const REQUEST = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'Name a colour, please.' }],
  max_tokens: 20,
};

async function ask(test: TestContext, answer: Answer, request: object = {}, limits: object = { costUsd: 1 }) {
  const api = await startApi(test, () => ({
    id: 'chatcmpl_1',
    object: 'chat.completion',
    model: 'gpt-4o-mini-2024-07-18',
    ...answer,
    choices: Array.from({ length: answer.choices ?? 1 }, (_, index) => ({
      index,
      finish_reason: 'stop',
      message: { role: 'assistant', content: 'Blue' },
    })),
  }));
  const budgeted = budgetedClient(api, { limits });
  await budgeted.client.chat.completions.create({ ...REQUEST, ...request });
  const exceeded = budgeted.events.filter((event) => event.type === 'exceeded_reservation');
  return { ...budgeted, api, exceeded, charged: (await budgeted.ledger()).nanoUsd };
}

describe('a call that costs more than was reserved', () => {
  const usage = { prompt_tokens: 13, completion_tokens: 3 };
  const cases: readonly (readonly [string, Answer, number])[] = [
    ['model', { model: 'gpt-4o', usage }, 13 * 2_500 + 3 * 10_000],
    ['output', { usage: { prompt_tokens: 13, completion_tokens: 900 } }, 13 * 150 + 900 * 600],
    ['input', { usage: { prompt_tokens: 5_000, completion_tokens: 3 } }, 5_000 * 150 + 3 * 600],
    ['choices', { choices: 4, usage: { prompt_tokens: 13, completion_tokens: 80 } }, 13 * 150 + 80 * 600],
    [
      'tier',
      { service_tier: 'priority', usage: { prompt_tokens: 40, completion_tokens: 20 } },
      40 * 250 + 20 * 1_000,
    ],
  ];
  for (const [reason, answer, billed] of cases)
    it(`is charged in full and reported: ${reason}`, async (test) => {
      const { charged, exceeded } = await ask(test, answer);
      assert.equal(charged, billed);
      assert.equal(exceeded.length, 1);
      const [event] = exceeded;
      assert.ok(event?.type === 'exceeded_reservation');
      assert.equal(event.reason, reason);
      assert.equal(event.charged.costNanoUsd, billed);
      assert.ok(event.reserved.costNanoUsd < billed);
    });

  it('is not reported within the reservation', async (test) => {
    const { charged, exceeded } = await ask(test, { usage });
    assert.equal(charged, 13 * 150 + 3 * 600);
    assert.deepEqual(exceeded, []);
  });
});

describe('a number that a service may coerce', () => {
  for (const [n, count] of [
    ['5', 5],
    ['5e0', 5],
    [4.2, 5],
  ] as const)
    it(`is read as the most that it may mean: n: ${JSON.stringify(n)}`, async (test) => {
      const answer = { choices: count, usage: { prompt_tokens: 13, completion_tokens: 20 * count } };
      const { charged, exceeded } = await ask(test, answer, { n });
      assert.equal(charged, 13 * 150 + 20 * count * 600);
      assert.deepEqual(exceeded, []);
      await assert.rejects(ask(test, answer, { n }, { tokens: 100 }), { code: 'token_budget_exceeded' });
    });

  it('is no cap if it is a text: the call is sent with one of ours', async (test) => {
    const answer = { usage: { prompt_tokens: 13, completion_tokens: 20 } };
    const { api } = await ask(test, answer, { max_tokens: '20' }, { tokens: 1_000 });
    const { max_tokens, max_completion_tokens } = api.requests[0]?.body ?? {};
    assert.ok(typeof max_completion_tokens === 'number' || typeof max_tokens === 'number');
  });
});
