import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, wrapLanguageModel } from 'ai';
import type OpenAI from 'openai';
import { budgetMiddleware } from '../../src/clients/ai-sdk/index.ts';
import { budgetFetch } from '../../src/clients/fetch/index.ts';
import { ask, JSON_TYPE, post, startNested } from './nested-calls.ts';

describe('a call within a call is a call', () => {
  it('of a guardrail in the fetch of a client', async (test) => {
    const { client, withFetch, agrees } = await startNested(test);
    const guarded = withFetch(async (...args) => {
      await ask(client, 'gpt-4o', 'Is this allowed?');
      return fetch(...args);
    });
    await ask(guarded);
    await agrees(2);
  });

  it('of a router that asks the same model', async (test) => {
    const { client, withFetch, agrees } = await startNested(test);
    await ask(
      withFetch(async (...args) => {
        await ask(client, 'gpt-4o-mini', 'Which model is good at this?');
        return fetch(...args);
      }),
    );
    await agrees(2);
  });

  it('of a cache that asks the same', async (test) => {
    const { client, withFetch, agrees } = await startNested(test);
    await ask(
      withFetch(async (...args) => {
        await ask(client);
        return fetch(...args);
      }),
    );
    await agrees(2);
  });

  it('in an async apiKey', async (test) => {
    const { client, agrees } = await startNested(test);
    const keyed = client.withOptions({
      apiKey: async () => {
        await ask(client, 'gpt-4o', 'Which key?');
        return 'sk-test';
      },
    });
    await ask(keyed);
    await agrees(2);
  });

  it('in prepareOptions', async (test) => {
    const { client, withFetch, agrees } = await startNested(test);
    const prepared = withFetch(fetch);
    Object.assign(prepared, { prepareOptions: () => ask(client, 'gpt-4o', 'Which options?') });
    await ask(prepared);
    await agrees(2);
  });

  it('of a queue whose worker is started there', async (test) => {
    const { client, withFetch, agrees } = await startNested(test);
    const waiting = ['first', 'second'];
    let worker: Promise<void> | undefined;
    const work = async (): Promise<void> => {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift())
        await ask(client, 'gpt-4o', job);
    };
    const queueing = withFetch((...args) => {
      worker ??= work();
      return fetch(...args);
    });
    await ask(queueing);
    await worker;
    await agrees(3);
  });

  it('that an interval makes which was started there', async (test) => {
    const { client, withFetch, agrees } = await startNested(test);
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
    const { tracker, withFetch, api, agrees } = await startNested(test);
    const budgeted = budgetFetch({ tracker });
    await ask(
      withFetch(async (...args) => {
        const messages = [{ role: 'user', content: 'Guard.' }];
        await post(budgeted, api.url, { model: 'gpt-4o', max_tokens: 20, messages });
        return budgeted(...args);
      }),
    );
    await agrees(2);
  });
});

describe('a call beside the one that is sent on is a call', () => {
  const guard = (send: typeof fetch, url: string, messages: readonly object[]): Promise<void> =>
    post(send, url, { model: 'gpt-4o-mini', max_tokens: 20, messages });

  it('that asks the same through a budgeted fetch of its own', async (test) => {
    const { tracker, withFetch, api, agrees } = await startNested(test);
    const [own, below] = [budgetFetch({ tracker }), budgetFetch({ tracker })];
    await ask(
      withFetch(async (...args) => {
        await guard(own, api.url, [{ role: 'user', content: 'Hello.' }]);
        return below(...args);
      }),
    );
    await agrees(2);
  });

  it('that is sent at the same time', async (test) => {
    const { tracker, withFetch, agrees } = await startNested(test);
    const [first, second] = [budgetFetch({ tracker }), budgetFetch({ tracker })];
    await ask(
      withFetch(async (...args) => {
        const [answer, other] = await Promise.all([first(...args), second(...args)]);
        await other.text();
        return answer;
      }),
    );
    await agrees(2);
  });

  it('of a guardrail below a middleware that quotes the prompt', async (test) => {
    const { tracker, api, agrees } = await startNested(test);
    const [own, below] = [budgetFetch({ tracker }), budgetFetch({ tracker })];
    const guarded: typeof fetch = async (...args) => {
      await guard(own, api.url, [
        { role: 'system', content: 'Is this allowed?' },
        { role: 'user', content: 'Hello.' },
      ]);
      return below(...args);
    };
    const provider = createOpenAI({ apiKey: 'k', baseURL: api.url, fetch: guarded });
    const model = wrapLanguageModel({
      model: provider.chat('gpt-4o-mini'),
      middleware: budgetMiddleware({ tracker }),
    });
    await generateText({ model, prompt: 'Hello.', maxOutputTokens: 20, maxRetries: 0 });
    await agrees(2);
  });
});

describe('a request that differs from the one that is sent on is a call', () => {
  const question = { model: 'gpt-4o-mini', max_tokens: 20, messages: [{ role: 'user', content: 'Hello.' }] };
  const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } };
  for (const [how, changed] of [
    ['more choices', { ...question, n: 2 }],
    ['a higher cap', { ...question, max_tokens: 2_000 }],
    ['no cap', { model: question.model, messages: question.messages }],
    ['a text twice', { ...question, messages: [...question.messages, ...question.messages] }],
    ['a picture', { ...question, messages: [{ role: 'user', content: ['Hello.', picture] }] }],
    ['another role', { ...question, messages: [{ role: 'system', content: 'Hello.' }] }],
    ['tools', { ...question, tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] }],
    ['a more expensive service tier', { ...question, service_tier: 'priority' }],
  ] as const) {
    it(`by ${how}`, async (test) => {
      const { tracker, withFetch, api, agreesOnCalls } = await startNested(test);
      const budgeted = budgetFetch({ tracker });
      await ask(
        withFetch(async (...args) => {
          await post(budgeted, api.url, changed);
          return budgeted(...args);
        }),
      );
      await agreesOnCalls(2);
    });
  }
});

describe('layers that send the same request are one call', () => {
  it('where one adds what costs nothing', async (test) => {
    const { tracker, withFetch, agrees } = await startNested(test);
    const below = budgetFetch({ tracker });
    const adding: typeof fetch = (url, init) =>
      below(url, { ...init, body: JSON.stringify({ ...JSON.parse(String(init?.body)), user: 'u-1' }) });
    await ask(withFetch(adding));
    await agrees(1);
  });

  it('the SDK over a budgeted fetch', async (test) => {
    const { tracker, withFetch, agrees } = await startNested(test);
    await ask(withFetch(budgetFetch({ tracker })));
    await agrees(1);
  });

  it('budgeted fetches within each other, also where one rewrites the request', async (test) => {
    const { tracker, withFetch, api, agrees } = await startNested(test);
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
    const { tracker, client, agrees } = await startNested(test);
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
    const { tracker, api, agrees } = await startNested(test);
    const provider = createOpenAI({ apiKey: 'k', baseURL: api.url, fetch: budgetFetch({ tracker }) });
    const middleware = budgetMiddleware({ tracker });
    const model = wrapLanguageModel({ model: provider.chat('gpt-4o-mini'), middleware });
    await generateText({ model, system: 'Be brief.', prompt: 'Hello.', maxOutputTokens: 20, maxRetries: 0 });
    await agrees(1);
  });

  it('a middleware, whose provider writes the turns of an agent in its own way', async (test) => {
    const { tracker, api, agrees } = await startNested(test);
    const provider = createOpenAI({ apiKey: 'k', baseURL: api.url, fetch: budgetFetch({ tracker }) });
    const middleware = budgetMiddleware({ tracker });
    const model = wrapLanguageModel({ model: provider.chat('gpt-4o-mini'), middleware });
    const output = { type: 'content' as const, value: [{ type: 'text' as const, text: '4 °C' }] };
    const call = { toolCallId: 't1', toolName: 'weather' };
    await generateText({
      model,
      messages: [
        { role: 'user', content: 'How warm is it in Nuuk?' },
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'I need the weather.' },
            { type: 'tool-call', ...call, input: { place: 'Nuuk' } },
          ],
        },
        { role: 'tool', content: [{ type: 'tool-result', ...call, output }] },
      ],
      maxOutputTokens: 20,
      maxRetries: 0,
    });
    await agrees(1);
  });

  it('a middleware over the SDK over a budgeted fetch, in every attempt', async (test) => {
    const { tracker, client, agrees } = await startNested(test);
    let attempts = 0;
    const flaky: typeof fetch = async (...args) => {
      attempts += 1;
      const headers = { 'retry-after-ms': '1' };
      return attempts === 1 ? new Response('{}', { status: 429, headers }) : fetch(...args);
    };
    const below = client.withOptions({ maxRetries: 1, fetch: budgetFetch({ tracker, fetch: flaky }) });
    await budgetMiddleware({ tracker }).wrapGenerate({
      model: { provider: 'openai.chat', modelId: 'gpt-4o-mini' },
      params: { prompt: [{ role: 'user', content: [{ type: 'text', text: 'Hello.' }] }] },
      doGenerate: async () => {
        await ask(below);
        return { content: [], usage: { inputTokens: 10, outputTokens: 5 } };
      },
    });
    assert.equal(attempts, 2);
    await agrees(1);
  });

  for (const [what, send] of [
    [
      'whose path is not the SDK’s',
      (client: OpenAI, body: object) => client.post('/chat/completions/', { body }),
    ],
    [
      'whose body is a text',
      (client: OpenAI, body: object) =>
        client.post('/chat/completions', { body: JSON.stringify(body), headers: JSON_TYPE }),
    ],
  ] as const) {
    it(`a request of the SDK ${what} over a budgeted fetch`, async (test) => {
      const { tracker, withFetch, agrees } = await startNested(test);
      const messages = [{ role: 'user', content: 'Hello.' }];
      await send(withFetch(budgetFetch({ tracker })), { model: 'gpt-4o-mini', max_tokens: 20, messages });
      await agrees(1);
    });
  }
});
