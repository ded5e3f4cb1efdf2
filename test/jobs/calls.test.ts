import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as v from 'valibot';
import { BudgetExceededError } from '../../src/budget/index.ts';
import { instrumentClient } from '../../src/clients/openai-sdk/instrument-client.ts';
import { callJson } from '../../src/jobs/calls/call-json.ts';
import { callText } from '../../src/jobs/calls/call-text.ts';
import { ResponseError } from '../../src/jobs/calls/response-error.ts';
import { withBudget } from '../../src/telemetry/context/current-budget.ts';
import type { Exchange } from '../support/exchange.ts';
import { startReplayServer } from '../support/replay-server.ts';
import { chatExchange, responsesExchange, serviceOf, trackerOf } from './support.ts';

const messages = [{ role: 'user', content: 'Go on.' }];
const chat = { model: 'gpt-5.2', max_tokens: 50, messages };
const responses = { model: 'gpt-5.2', max_output_tokens: 50, input: 'Go on.' };
const schema = v.object({ city: v.string(), tide: v.number() });
const GOOD = '{"city":"Brest","tide":4.2}';

/** Starts a service that sends these responses in turn, whatever the request. */
async function startService(test: Parameters<typeof serviceOf>[0], ...exchanges: readonly Exchange[]) {
  const { server, client } = await serviceOf(test, []);
  await server.close();
  const responses = exchanges.map(({ response }) => response);
  const turns = await startReplayServer({
    exchanges: [],
    behaviour: (n) => ({ status: 200, body: JSON.stringify(responses[n] ?? responses.at(-1)) }),
  });
  test.after(() => turns.close());
  const one = client();
  one.baseURL = turns.baseURL;
  return { client: one, server: turns };
}

describe('callText', () => {
  for (const [api, body, exchange] of [
    ['Chat', chat, chatExchange('a', 'Hello', { input: 100, output: 10, cached: 50 })],
    ['Responses', responses, responsesExchange('a', 'Hello', { input: 100, output: 10 })],
  ] as const) {
    it(`returns the text of ${api} with usage and cost, charged once`, async (t) => {
      const { client } = await startService(t, exchange);
      const tracker = trackerOf({ costUsd: 1 });
      const result = await callText(client, body, { tracker });
      const { settled, open } = { ...(await tracker.status()).balances };
      assert.equal(result.text, 'Hello');
      assert.deepEqual([result.usage.input, result.usage.output, result.model], [100, 10, 'gpt-5.2']);
      assert.deepEqual(settled, { costNanoUsd: result.costNanoUsd, tokens: 110, calls: 1 });
      assert.equal(open, 0);
      // With an instrumented client the call is charged once, to the budget of the context.
      const other = trackerOf({ costUsd: 1 });
      await withBudget(other, () => callText(client, body));
      assert.equal((await other.status()).balances.settled.calls, 1);
      assert.equal((await tracker.status()).balances.settled.calls, 1);
    });
  }

  it('is denied before anything is sent if the budget cannot pay', async (t) => {
    const { client, server } = await startService(t, chatExchange('a', 'Hello', { input: 1, output: 1 }));
    await assert.rejects(callText(client, chat, { tracker: trackerOf({ tokens: 10 }) }), BudgetExceededError);
    assert.equal(server.account.length, 0);
  });

  const refused = chatExchange('a', '', { input: 5, output: 5 });
  const cut = chatExchange('a', 'Half of', { input: 5, output: 5 });
  for (const [name, exchange, fault] of [
    ['empty', chatExchange('a', ' ', { input: 5, output: 5 }), 'empty'],
    ['refused', edit(refused, { message: { role: 'assistant', content: null, refusal: 'No.' } }), 'refused'],
    ['truncated', edit(cut, { finish_reason: 'length' }), 'cut'],
  ] as const) {
    it(`throws a ResponseError if the response is ${name}, and charges it`, async (t) => {
      const { client } = await startService(t, exchange);
      const tracker = trackerOf({ costUsd: 1 });
      await assert.rejects(callText(client, chat, { tracker }), (error) => {
        assert.ok(error instanceof ResponseError);
        assert.deepEqual([error.code, error.fault], ['token_budget_response', fault]);
        return true;
      });
      assert.equal((await tracker.status()).balances.settled.tokens, 10);
    });
  }

  it('names what it expects of invalid arguments', async (t) => {
    const { client } = await startService(t, chatExchange('a', 'Hello', { input: 1, output: 1 }));
    const tracker = trackerOf({ costUsd: 1 });
    await assert.rejects(
      callText(client, chat),
      /tracker: got nothing, and there is no current budget, expected a TokenBudgetTracker/,
    );
    await assert.rejects(
      callText(client, { ...chat, stream: true }, { tracker }),
      /body\.stream: got true, expected a request without streaming/,
    );
    await assert.rejects(
      callText(client, { model: 'gpt-5.2' } as never, { tracker }),
      /body: got neither, expected messages \(Chat\) or input/,
    );
    await assert.rejects(
      callText({} as never, chat, { tracker }),
      /client: got no method makeRequest, expected a client of the openai SDK/,
    );
    assert.throws(() => instrumentClient({}, { tracker }), TypeError);
  });
});

describe('callJson', () => {
  for (const text of [GOOD, `\`\`\`json\n${GOOD}\n\`\`\``, `Here it is: ${GOOD} as you asked.`]) {
    it(`reads ${JSON.stringify(text.slice(0, 12))}…`, async (t) => {
      const { client, server } = await startService(
        t,
        responsesExchange('a', text, { input: 10, output: 5 }),
      );
      const result = await callJson(client, responses, schema, { tracker: trackerOf({ costUsd: 1 }) });
      assert.deepEqual([result.value, result.repaired], [{ city: 'Brest', tide: 4.2 }, false]);
      assert.equal(server.account.length, 1);
    });
  }

  for (const [what, bad, problem] of [
    ['is not JSON', 'The tide is high.', /not JSON/],
    ['does not match the schema', '{"city":"Brest"}', /does not match the schema: .*tide/],
  ] as const) {
    it(`requests the repair of a response that ${what} once, at the end of the same request`, async (t) => {
      for (const body of [chat, responses]) {
        const exchange = body === chat ? chatExchange : responsesExchange;
        const { client, server } = await startService(
          t,
          exchange('a', bad, { input: 10, output: 5 }),
          exchange('b', GOOD, { input: 30, output: 7 }),
        );
        const tracker = trackerOf({ costUsd: 1 });
        const result = await callJson(client, body, schema, { tracker });
        assert.deepEqual([result.value, result.repaired], [{ city: 'Brest', tide: 4.2 }, true]);
        assert.deepEqual([result.usage.input, result.usage.output], [40, 12]);
        assert.equal((await tracker.status()).balances.settled.costNanoUsd, result.costNanoUsd);
        const [first, second] = server.account.map(
          (entry) => (entry.body?.['messages'] ?? entry.body?.['input']) as { content: string }[] | string,
        );
        const messages = Array.isArray(second) ? second : [];
        assert.deepEqual(messages[0], Array.isArray(first) ? first[0] : { role: 'user', content: first });
        assert.equal(messages[1]?.content, bad);
        assert.match(messages[2]?.content ?? '', problem);
      }
    });
  }

  it('fails after one repair, with the text of the response', async (t) => {
    const { client, server } = await startService(t, chatExchange('a', 'Never.', { input: 10, output: 5 }));
    await assert.rejects(callJson(client, chat, schema, { tracker: trackerOf({ costUsd: 1 }) }), (error) => {
      assert.ok(error instanceof ResponseError);
      assert.deepEqual([error.fault, error.text], ['not_json', 'Never.']);
      return true;
    });
    assert.equal(server.account.length, 2);
  });
});

function edit(exchange: Exchange, choice: object): Exchange {
  const response = exchange.response as { choices: object[] };
  return {
    ...exchange,
    response: { ...response, choices: response.choices.map((one) => ({ ...one, ...choice })) },
  };
}
