import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, wrapLanguageModel } from 'ai';
import type OpenAI from 'openai';
import { budgetMiddleware } from '../../src/clients/ai-sdk/index.ts';
import { budgetFetch } from '../../src/clients/fetch/index.ts';
import { type ApiRequest, budgetedClient, startApi } from '../support/budgeted-client.ts';

const NANO = { 'gpt-4o-mini': 10 * 150 + 5 * 600, 'gpt-4o': 10 * 2_500 + 5 * 10_000 } as const;

/** A service that keeps its own account, and a client whose calls are charged to a budget. */
async function setUp(test: TestContext) {
  const api = await startApi(test, ({ body }: ApiRequest) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: body['model'],
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'yes' } }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  }));
  const budgeted = budgetedClient(api);
  const { client } = budgeted;
  const billed = (): number =>
    api.requests.reduce((sum, { body }) => sum + NANO[body['model'] as keyof typeof NANO], 0);
  const agrees = async (calls: number): Promise<void> => {
    const { nanoUsd, calls: charged, open } = await budgeted.ledger();
    assert.deepEqual([api.requests.length, charged, nanoUsd, open], [calls, calls, billed(), 0]);
  };
  const withFetch = (fetch: typeof globalThis.fetch): OpenAI => client.withOptions({ fetch });
  return { api, ...budgeted, withFetch, agrees };
}

function ask(client: OpenAI, model: keyof typeof NANO = 'gpt-4o-mini', content = 'Hello.'): Promise<unknown> {
  return client.chat.completions.create({ model, max_tokens: 20, messages: [{ role: 'user', content }] });
}

describe('a call within a call is a call', () => {
  it('of a guardrail in the fetch of a client', async (test) => {
    const { client, withFetch, agrees } = await setUp(test);
    const guarded = withFetch(async (...args) => {
      await ask(client, 'gpt-4o', 'Is this allowed?');
      return fetch(...args);
    });
    await ask(guarded);
    await agrees(2);
  });

  it('of a router that asks the same model', async (test) => {
    const { client, withFetch, agrees } = await setUp(test);
    await ask(
      withFetch(async (...args) => {
        await ask(client, 'gpt-4o-mini', 'Which model is good at this?');
        return fetch(...args);
      }),
    );
    await agrees(2);
  });

  it('of a cache that asks the same', async (test) => {
    const { client, withFetch, agrees } = await setUp(test);
    await ask(
      withFetch(async (...args) => {
        await ask(client);
        return fetch(...args);
      }),
    );
    await agrees(2);
  });

  it('in an async apiKey', async (test) => {
    const { client, agrees } = await setUp(test);
    const keyed = client.withOptions({
      apiKey: async () => {
        await ask(client, 'gpt-4o', 'Which key?');
        return 'sk-test';
      },
    });
    await ask(keyed);
    await agrees(2);
  });

  it('that an interval makes which was started there', async (test) => {
    const { client, withFetch, agrees } = await setUp(test);
    let polled: Promise<unknown> | undefined;
    await ask(
      withFetch((...args) => {
        setTimeout(() => {
          polled = ask(client);
        }, 50);
        return fetch(...args);
      }),
    );
    while (polled === undefined) await new Promise((done) => setTimeout(done, 10));
    await polled;
    await agrees(2);
  });

  it('that a budgeted fetch makes for another client', async (test) => {
    const { tracker, withFetch, api, agrees } = await setUp(test);
    const budgeted = budgetFetch({ tracker });
    await ask(
      withFetch(async (...args) => {
        await budgeted(`${api.url}/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            model: 'gpt-4o',
            max_tokens: 20,
            messages: [{ role: 'user', content: 'Guard.' }],
          }),
        }).then((response) => response.text());
        return budgeted(...args);
      }),
    );
    await agrees(2);
  });
});

describe('layers that send the same request are one call', () => {
  it('the SDK over a budgeted fetch', async (test) => {
    const { tracker, withFetch, agrees } = await setUp(test);
    await ask(withFetch(budgetFetch({ tracker })));
    await agrees(1);
  });

  it('budgeted fetches within each other, also where one rewrites the request', async (test) => {
    const { tracker, withFetch, api, agrees } = await setUp(test);
    const inner = budgetFetch({ tracker });
    const rewriting: typeof fetch = async (url, init) => {
      const request = new Request(`${api.url}/chat/completions?via=proxy`, {
        ...init,
        headers: { ...Object.fromEntries(new Headers(init?.headers)), 'x-proxy': '1' },
      });
      assert.ok(String(url).endsWith('/chat/completions'));
      return inner(request);
    };
    await ask(withFetch(budgetFetch({ tracker, fetch: rewriting })));
    await agrees(1);
  });

  it('in every attempt of the SDK', async (test) => {
    const { tracker, client, agrees } = await setUp(test);
    let attempts = 0;
    const flaky: typeof fetch = async (...args) => {
      attempts += 1;
      return attempts === 1 ? new Response('{}', { status: 429 }) : fetch(...args);
    };
    await ask(client.withOptions({ maxRetries: 1, fetch: budgetFetch({ tracker, fetch: flaky }) }));
    assert.equal(attempts, 2);
    await agrees(1);
  });

  it('a middleware of the AI SDK over a budgeted fetch', async (test) => {
    const { tracker, api, agrees } = await setUp(test);
    const provider = createOpenAI({ apiKey: 'k', baseURL: api.url, fetch: budgetFetch({ tracker }) });
    const middleware = budgetMiddleware({ tracker });
    const model = wrapLanguageModel({ model: provider.chat('gpt-4o-mini'), middleware });
    await generateText({ model, system: 'Be brief.', prompt: 'Hello.', maxOutputTokens: 20, maxRetries: 0 });
    await agrees(1);
  });
});
