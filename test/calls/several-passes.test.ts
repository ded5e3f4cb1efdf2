import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { budgetedClient, eventStream, startApi } from '../support/budgeted-client.ts';

/** What several passes over a short question are billed: more than the request, and than its output cap. */
const response = {
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  model: 'gpt-5.6-sol',
  output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Blue.' }] }],
  usage: { input_tokens: 300, output_tokens: 1_279, output_tokens_details: { reasoning_tokens: 970 } },
};

const request = { model: 'gpt-5.6-sol', input: 'Name a colour.', max_output_tokens: 100 };
const pro = { mode: 'pro' } as const;

describe('a request that the service works on in several passes', () => {
  it('is denied by a budget that its output cap would fit', async (test) => {
    const api = await startApi(test, () => response);
    const { client, ledger } = budgetedClient(api, { limits: { tokens: 200 } });
    await assert.rejects(client.responses.create({ ...request, reasoning: pro }), {
      code: 'token_budget_exceeded',
    });
    assert.equal(api.requests.length, 0);
    assert.deepEqual(await ledger(), { nanoUsd: 0, tokens: 0, calls: 0, open: 0, reservedNanoUsd: 0 });
  });

  for (const stream of [false, true])
    it(`is reserved as a whole, sent as it is and charged once${stream ? ', streamed' : ''}`, async (test) => {
      const deltas = Array.from({ length: 300 }, () => ({
        type: 'response.output_text.delta',
        delta: ' blue',
      }));
      const api = await startApi(test, () =>
        stream ? eventStream([...deltas, { type: 'response.completed', response }]) : response,
      );
      const { client, ledger, events } = budgetedClient(api, { limits: { tokens: 2_000_000 } });
      const answer = await client.responses.create({ ...request, reasoning: pro, stream });
      for await (const _ of Symbol.asyncIterator in answer ? (answer as AsyncIterable<unknown>) : []);
      assert.deepEqual(api.requests[0]?.body, { ...request, reasoning: pro, stream });
      const { tokens, calls, open } = await ledger();
      assert.deepEqual({ tokens, calls, open }, { tokens: 1_579, calls: 1, open: 0 });
      assert.deepEqual(
        events.filter(({ type }) => type === 'exceeded_reservation'),
        [],
      );
    });

  it('is bounded by its request and cap in standard mode', async (test) => {
    const api = await startApi(test, () => ({ ...response, usage: { input_tokens: 9, output_tokens: 6 } }));
    const { client, ledger } = budgetedClient(api, { limits: { tokens: 200 } });
    await client.responses.create({ ...request, reasoning: { mode: 'standard' } });
    assert.equal((await ledger()).tokens, 15);
  });
});
