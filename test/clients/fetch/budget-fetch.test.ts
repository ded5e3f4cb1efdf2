import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BudgetExceededError } from '../../../src/budget/index.ts';
import { NoBudgetError } from '../../../src/calls/default-services.ts';
import { budgetFetch } from '../../../src/clients/fetch/index.ts';
import { withBudget } from '../../../src/telemetry/context/current-budget.ts';
import { billOf } from '../../support/bill.ts';
import { CHAT, startBudgetedFetch, trackerOf } from '../budgeted-fetch.ts';

const PATH = '/v1/chat/completions';

describe('budgetFetch', { concurrency: 4 }, () => {
  it('charges each endpoint what the service bills', async (t) => {
    const { post, server, balances } = await startBudgetedFetch(t);
    const calls: readonly (readonly [string, object, string])[] = [
      [PATH, CHAT, 'chat-plain'],
      [PATH, { ...CHAT, model: 'gpt-5.2' }, 'chat-cached'],
      ['/v1/responses', { model: 'gpt-4.1', input: 'Hm?' }, 'responses-plain'],
      ['/v1/completions', { model: 'gpt-3.5-turbo-instruct', prompt: 'Hm?' }, 'completions-plain'],
      ['/v1/embeddings', { model: 'text-embedding-3-small', input: 'Hm?' }, 'embeddings-one'],
      [
        '/openai/deployments/gpt-4o-mini/chat/completions?api-version=2025-01-01',
        { messages: CHAT.messages },
        'chat-plain',
      ],
      ['/compatible/v1beta/openai/chat/completions', CHAT, 'chat-plain'],
      ['/v1/responses', { model: 'gpt-4.1', input: 'Hm?', stream: true }, 'responses-stream'],
    ];
    for (const [path, body, id] of calls) {
      const response = await post(path, body, id);
      assert.equal(response.status, 200, path);
      assert.ok((await response.text()).length > 0);
    }
    assert.equal(server.account.length, calls.length);
    assert.deepEqual(balances().settled, billOf(server.account));
    assert.equal(balances().open, 0);
  });

  it('reads a body in every form, and sends it unchanged', async (t) => {
    const { fetch, server, balances } = await startBudgetedFetch(t);
    const url = `${server.url}${PATH}`;
    const body = JSON.stringify(CHAT);
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers };
    await (await fetch(url, { ...init, body })).json();
    await (await fetch(new URL(url), { ...init, body: Buffer.from(body) })).json();
    await (await fetch(new Request(url, { ...init, body }))).json();
    await (await fetch(new Request(url, { ...init, body: '{}' }), { body })).json();
    assert.deepEqual(
      server.account.map((entry) => entry.body),
      [CHAT, CHAT, CHAT, CHAT],
    );
    assert.deepEqual(balances().settled, billOf(server.account));
  });

  it('finds the endpoint in the URL as the server resolves it, and reads bytes of any kind', async (test) => {
    const urls: string[] = [];
    const answer = async (url: unknown): Promise<Response> => {
      urls.push(String(url));
      return Response.json({
        model: 'gpt-4o-mini',
        choices: [],
        usage: { prompt_tokens: 3, completion_tokens: 4 },
      });
    };
    const tracker = trackerOf({ costUsd: 5 });
    const fetch = budgetFetch({ tracker, fetch: answer as typeof globalThis.fetch });
    const text = JSON.stringify(CHAT);
    const bodies = [text, new DataView(new TextEncoder().encode(text).buffer), new Blob([text])];
    const paths = [
      '/v1/chat/completions/',
      '//v1//chat/completions',
      '/v1/x/../chat/completions',
      '/v1/chat%2Fcompletions',
    ];
    for (const path of paths) {
      for (const body of bodies) {
        await (await fetch(`https://api.openai.com${path}`, { method: 'POST', body })).json();
      }
    }
    const { balances } = await tracker.status();
    assert.deepEqual([urls.length, balances.settled.calls, balances.settled.tokens], [12, 12, 12 * 7]);
    test.diagnostic(urls.join(' '));
  });

  it('sends a stream as it is, and reports its call as unbounded', async () => {
    const tracker = trackerOf({ costUsd: 5 });
    const events: unknown[] = [];
    tracker.on((event) => void events.push(event));
    const received: string[] = [];
    const answer = async (_: unknown, init?: RequestInit): Promise<Response> => {
      received.push(await new Response(init?.body ?? null).text());
      return Response.json({});
    };
    const fetch = budgetFetch({ tracker, fetch: answer as typeof globalThis.fetch });
    const body = new Blob([JSON.stringify(CHAT)]).stream();
    await fetch(`https://api.openai.com${PATH}`, { method: 'POST', body, duplex: 'half' } as RequestInit);
    assert.deepEqual(received, [JSON.stringify(CHAT)]);
    assert.partialDeepStrictEqual(events, [
      { type: 'unmetered', endpoint: 'POST /chat/completions', reason: 'unbounded' },
    ]);
  });

  it('reports requests to services that sell models by an API that it cannot count', async () => {
    const tracker = trackerOf({ costUsd: 5 });
    const reported: unknown[] = [];
    tracker.on((event) => void (event.type === 'unmetered' && reported.push(event.endpoint)));
    const send = budgetFetch({ tracker, fetch: (async () => Response.json({})) as typeof globalThis.fetch });
    const gemini = 'generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro';
    const vertex =
      'us-central1-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/google/models/m';
    const bedrock = 'bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-v2/converse';
    const uncounted = [
      `${gemini}:generateContent`,
      `${gemini}:streamGenerateContent`,
      `${vertex}:rawPredict`,
      bedrock,
      'api.cohere.com/v2/chat',
      'api.mistral.ai/v1/ocr',
      'api.replicate.com/v1/predictions',
    ];
    for (const url of uncounted) {
      const init = { method: 'POST', body: JSON.stringify({ contents: [{ parts: [{ text: 'hi' }] }] }) };
      for (const address of [`https://${url}?key=secret`, new Request(`https://${url}`, init)])
        await send(address, address instanceof Request ? undefined : init);
    }
    await send('https://api.openai.com/v1/fine_tuning/jobs', { method: 'POST', body: '{}' });
    const expected = [...uncounted.map((url) => `POST ${url}`), 'POST /fine_tuning/jobs'];
    assert.deepEqual(reported, expected);
    const others = [
      `https://${gemini}:countTokens`,
      'https://api.openai.com/v1/moderations',
      'https://storage.googleapis.com/upload',
      'https://s3.us-east-1.amazonaws.com/bucket',
      'https://example.com/model/x/converse',
    ];
    for (const url of others) await send(url, { method: 'POST', body: '{"contents":[]}' });
    await send(`https://${gemini}`);
    assert.equal(reported.length, expected.length);
  });

  it('refuses them in strict mode if unmeteredEndpoints is refuse', async () => {
    const tracker = trackerOf({ costUsd: 5 });
    let sent = 0;
    const answer = async (): Promise<Response> => {
      sent += 1;
      return Response.json({});
    };
    const options = {
      tracker,
      fetch: answer as typeof globalThis.fetch,
      unmeteredEndpoints: 'refuse',
    } as const;
    const send = budgetFetch(options);
    const url = 'https://api.cohere.com/v2/chat';
    await assert.rejects(send(url, { method: 'POST', body: '{}' }), {
      code: 'token_budget_unmetered',
    });
    const headers = { 'x-stainless-lang': 'js' };
    const { status } = await send(url, { method: 'POST', body: '{}', headers });
    assert.deepEqual([status, sent], [402, 0]);
  });

  it('returns a response like the original, however it is read', async (t) => {
    const { post, server, balances } = await startBudgetedFetch(t);
    const readers: readonly ((response: Response) => Promise<string>)[] = [
      (response) => response.text(),
      async (response) => JSON.stringify(await response.json()),
      async (response) => Buffer.from(await response.arrayBuffer()).toString(),
      async (response) => (await response.blob()).text(),
      async (response) => {
        const copy = response.clone();
        await response.text();
        return copy.text();
      },
    ];
    for (const read of readers) {
      const response = await post(PATH, CHAT, 'chat-plain');
      assert.equal(response.url, `${server.url}${PATH}`);
      assert.equal(response.redirected, false);
      assert.equal(response.headers.get('x-request-id'), `req_${server.account.length - 1}`);
      assert.match(await read(response), /Ten minutes/);
    }
    assert.equal(balances().settled.calls, readers.length);
  });

  it('lowers the output cap to the remaining budget, in the field that the caller uses', async (t) => {
    const { post, server } = await startBudgetedFetch(t, { tokens: 400 });
    await (await post(PATH, { ...CHAT, max_completion_tokens: 5_000 }, 'chat-plain')).text();
    await (await post('/v1/responses', { model: 'gpt-4.1', input: 'Hm?' }, 'responses-plain')).text();
    const [chat, responses] = server.account.map((entry) => entry.body);
    assert.ok(Number(chat?.['max_completion_tokens']) < 400);
    assert.equal(chat?.['max_tokens'], undefined);
    assert.ok(Number(responses?.['max_output_tokens']) < 200);
  });

  it('refuses before sending, with an error or, for clients that retry errors, with status 402', async (t) => {
    const { post, server, tracker } = await startBudgetedFetch(t, { tokens: 10 });
    let denials = 0;
    tracker.on(({ type }) => {
      if (type === 'denied') denials += 1;
    });
    await assert.rejects(post(PATH, CHAT), BudgetExceededError);
    const response = await post(PATH, CHAT, undefined, undefined, { headers: { 'x-stainless-lang': 'js' } });
    assert.equal(response.status, 402);
    assert.equal(response.headers.get('x-should-retry'), 'false');
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    assert.equal(error.code, 'token_budget_exceeded');
    assert.match(error.message, /Token budget "b" cannot pay/);
    assert.equal(denials, 2);
    assert.equal(server.account.length, 0);
  });

  it('requests the usage of a stream if configured, and keeps the extra chunk from the caller', async (t) => {
    const { post, server, balances } = await startBudgetedFetch(
      t,
      { costUsd: 1 },
      { includeUsage: 'always' },
    );
    const text = await (await post(PATH, { ...CHAT, stream: true }, 'chat-stream-plain')).text();
    assert.doesNotMatch(text, /usage/);
    assert.match(text, /High/);
    assert.match(text, /\[DONE\]/);
    assert.deepEqual(server.account[0]?.body?.['stream_options'], { include_usage: true });
    assert.deepEqual(balances().settled, billOf(server.account));
  });

  it('ends a stream that the budget can no longer pay for', async (t) => {
    const { post, balances } = await startBudgetedFetch(t, { tokens: 45 });
    // The server ignores the cap: the stream outgrows the reservation and the remaining budget.
    const response = await post(PATH, { ...CHAT, max_tokens: 1, stream: true }, 'chat-stream-plain');
    await assert.rejects(response.text(), BudgetExceededError);
    assert.equal(balances().settled.calls, 1);
    assert.equal(balances().open, 0);
  });

  it('charges nothing for an error status, and the whole reservation for a response that was cut', async (t) => {
    const { post, balances } = await startBudgetedFetch(t, { costUsd: 1 });
    const failed = await post(PATH, CHAT, 'chat-plain', { status: 429 });
    assert.equal(failed.status, 429);
    assert.match(await failed.text(), /429/);
    assert.deepEqual(balances().settled, { costNanoUsd: 0, tokens: 0, calls: 0 });
    const cut = await post(PATH, { ...CHAT, max_tokens: 50 }, 'chat-plain', { cutAfterBytes: 40 });
    await assert.rejects(cut.text());
    assert.equal(balances().settled.calls, 1);
    assert.ok(balances().settled.tokens >= 50);
    assert.equal(balances().open, 0);
  });

  it('charges nothing if the service cannot be reached, or the request was aborted before it was sent', async (t) => {
    const { fetch, post, server, balances } = await startBudgetedFetch(t);
    await server.close();
    const init = { method: 'POST', body: JSON.stringify(CHAT) };
    await assert.rejects(fetch(`${server.url}${PATH}`, init), TypeError);
    await assert.rejects(post(PATH, CHAT, undefined, undefined, { signal: AbortSignal.abort() }), {
      name: 'AbortError',
    });
    assert.deepEqual(balances().settled, { costNanoUsd: 0, tokens: 0, calls: 0 });
    assert.equal(balances().open, 0);
  });

  it('charges a stream whose reader cancels it', async (t) => {
    const { post, balances } = await startBudgetedFetch(t);
    const response = await post(PATH, { ...CHAT, stream: true }, 'chat-stream-plain', { chunkDelayMs: 20 });
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    assert.equal(balances().settled.calls, 1);
    assert.equal(balances().open, 0);
  });

  it('passes all other requests unchanged', async () => {
    const sent: unknown[] = [];
    const response = new Response('ok');
    const tracker = trackerOf({ calls: 0 });
    const fetch = budgetFetch({
      tracker,
      fetch: (...args) => {
        sent.push(args);
        return Promise.resolve(response);
      },
    });
    const form = new FormData();
    form.set('model', 'gpt-4o-mini');
    const url = `https://example.org${PATH}`;
    const requests: readonly Parameters<typeof globalThis.fetch>[] = [
      [url],
      ['not a URL', { method: 'POST', body: JSON.stringify(CHAT) }],
      [`https://example.org/search`, { method: 'POST', body: JSON.stringify(CHAT) }],
      [url, { method: 'POST', body: form }],
      [url, { method: 'POST', body: 'no JSON' }],
      [url, { method: 'POST', body: '{"broken":' }],
      [url, { method: 'POST', body: '[]' }],
      [url, { method: 'POST', body: '{"messages":[]}' }],
      [url, { method: 'POST' }],
    ];
    for (const args of requests) assert.equal(await fetch(...args), response);
    assert.equal(sent.length, requests.length);
    for (const [index, args] of requests.entries()) assert.deepEqual(sent[index], args);
  });

  it('charges a call once if one wraps another, or replaces the global fetch', async (t) => {
    const { fetch, server, balances, tracker } = await startBudgetedFetch(t);
    const init = { method: 'POST', body: JSON.stringify(CHAT) };
    await (await budgetFetch({ tracker, fetch })(`${server.url}${PATH}`, init)).text();
    const before = globalThis.fetch;
    try {
      globalThis.fetch = budgetFetch({ tracker });
      await (await globalThis.fetch(`${server.url}${PATH}`, init)).text();
      await (await budgetFetch({ tracker })(`${server.url}${PATH}`, init)).text();
    } finally {
      globalThis.fetch = before;
    }
    assert.equal(server.account.length, 3);
    assert.deepEqual(balances().settled, billOf(server.account));
  });

  it('charges the current budget', async (t) => {
    const { post, server, balances } = await startBudgetedFetch(t);
    const job = trackerOf({ calls: 1 });
    await withBudget(job, async () => (await post(PATH, CHAT, 'chat-plain')).text());
    await assert.rejects(
      withBudget(job, () => post(PATH, CHAT, 'chat-plain')),
      BudgetExceededError,
    );
    assert.equal(balances().settled.calls, 0);
    assert.equal(server.account.length, 1);
  });

  it('throws a NoBudgetError without a tracker or a preload', () => {
    assert.throws(
      () => budgetFetch(),
      (error) => error instanceof NoBudgetError && /\{ tracker \}/.test(error.message),
    );
  });
});
