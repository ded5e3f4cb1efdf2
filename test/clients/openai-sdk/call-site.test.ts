import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BudgetExceededError } from '../../../src/budget/index.ts';
import { budgetedClient, startApi } from '../../support/budgeted-client.ts';

test('the stack of a refusal shows where the program made the call', async (context) => {
  const api = await startApi(context, () => undefined);
  const { client } = budgetedClient(api, { limits: { calls: 0 } });
  const { stackTraceLimit } = Error;

  async function askTheModel(): Promise<unknown> {
    return await client.chat.completions.create({
      model: 'gpt-5.2',
      messages: [{ role: 'user', content: 'Hi' }],
    });
  }
  async function askInStream(): Promise<unknown> {
    return await client.responses.create({ model: 'gpt-5.2', input: 'Hi', stream: true });
  }

  for (const ask of [askTheModel, askInStream]) {
    const [first, second] = await Promise.allSettled([ask(), ask()]);
    for (const result of [first, second]) {
      assert.ok(result?.status === 'rejected' && result.reason instanceof BudgetExceededError);
      assert.match(
        result.reason.stack ?? '',
        /^BudgetExceededError: Token budget "b" cannot pay for this call/,
      );
      assert.match(result.reason.stack ?? '', new RegExp(`at ${ask.name} \\(.*call-site\\.test\\.ts`));
    }
  }
  assert.equal(Error.stackTraceLimit, stackTraceLimit);
});
