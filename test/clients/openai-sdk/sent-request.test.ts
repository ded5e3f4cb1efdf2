import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import type OpenAI from 'openai';
import { budgetedClient } from '../../support/budgeted-client.ts';
import { listen, readBody } from '../../support/http.ts';

const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello.' }] };
const JSON_TYPE = { 'content-type': 'application/json' };

/** A service that records the bytes and the URLs that it gets. */
async function setUp(test: TestContext, options: Parameters<typeof budgetedClient>[1] = {}) {
  const received: { url: string; text: string }[] = [];
  const server = createServer(async (request, response) => {
    const text = (await readBody(request)).toString('utf8');
    received.push({ url: request.url ?? '', text });
    const body: unknown = JSON.parse(text.startsWith('{') ? text : '{}');
    const isStream = (body as { stream?: boolean }).stream === true;
    const answer = {
      id: 'chatcmpl-1',
      object: isStream ? 'chat.completion.chunk' : 'chat.completion',
      created: 1,
      model: 'gpt-4o-mini',
      choices: [
        {
          index: 0,
          finish_reason: 'stop',
          message: { role: 'assistant', content: '{}' },
          delta: { content: '{}' },
        },
      ],
      usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
    };
    if (isStream) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`data: ${JSON.stringify(answer)}\n\ndata: [DONE]\n\n`);
    } else {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
    }
  });
  const { url, close } = await listen(server);
  test.after(close);
  const budgeted = budgetedClient({ url: `${url}/v1` }, options);
  return { ...budgeted, url, received };
}

const TIGHT = { limits: { tokens: 400 } };

describe('the URL that is sent decides the endpoint', () => {
  const ways: Record<string, (client: OpenAI, url: string) => Promise<unknown>> = {
    'a slash at the end': (client) => client.post('/chat/completions/', { body: CHAT }),
    'doubled slashes': (client) => client.post('//chat//completions', { body: CHAT }),
    'dot segments': (client) => client.post('/models/../chat/./completions', { body: CHAT }),
    'an absolute URL': (client, url) => client.post(`${url}/v1/chat/completions`, { body: CHAT }),
    'the version in the path': (client, url) =>
      client.withOptions({ baseURL: url }).post('/v1/chat/completions', { body: CHAT }),
    'a gateway before it': (client, url) =>
      client
        .withOptions({ baseURL: `${url}/account/gateway/openai` })
        .post('/chat/completions', { body: CHAT }),
    'an absolute URL of a gateway': (client, url) =>
      client.post(`${url}/acc/openai/v1/chat/completions?x=1`, { body: CHAT }),
    'an Azure deployment': (client, url) =>
      client.post(`${url}/openai/deployments/gpt-4o-mini/chat/completions?api-version=2025-01-01`, {
        body: CHAT,
      }),
    'an encoded path': (client) => client.post('/chat%2Fcompletions', { body: CHAT }),
  };
  for (const [name, send] of Object.entries(ways)) {
    it(`with ${name}`, async (test) => {
      const { client, url, received, ledger } = await setUp(test);
      await send(client, url);
      assert.deepEqual([received.length, (await ledger()).calls, (await ledger()).tokens], [1, 1, 15]);
    });

    it(`with ${name}, also where it is refused`, async (test) => {
      const { client, url, received } = await setUp(test, { limits: { costUsd: 0.000001 } });
      await assert.rejects(send(client, url), { code: 'token_budget_exceeded' });
      assert.equal(received.length, 0);
    });
  }

  it('and other paths are reported as they are named', async (test) => {
    const { client, events } = await setUp(test);
    await client.post('/vector_stores/vs_1/search/', { body: {} });
    assert.deepEqual(
      events.map((event) => [event.type, 'endpoint' in event && event.endpoint]),
      [['unmetered', 'POST /vector_stores/{id}/search']],
    );
  });
});

describe('a body that is not a plain object', () => {
  const text = `{ "model": "gpt-4o-mini",  "messages": [{"role":"user","content":"Héllo."}] }`;
  const bodies: Record<string, () => unknown> = {
    text: () => text,
    Buffer: () => Buffer.from(text),
    Uint8Array: () => new TextEncoder().encode(text),
    ArrayBuffer: () => new TextEncoder().encode(text).buffer,
    DataView: () => new DataView(new TextEncoder().encode(text).buffer),
    Blob: () => new Blob([text], { type: 'application/json' }),
  };
  for (const [name, body] of Object.entries(bodies)) {
    it(`is counted and sent byte for byte: ${name}`, async (test) => {
      const { client, received, ledger } = await setUp(test);
      await client.post('/chat/completions', { body: body() as object, headers: JSON_TYPE });
      assert.equal(received[0]?.text, text);
      assert.deepEqual([(await ledger()).tokens, (await ledger()).calls], [15, 1]);
    });

    it(`gets a cap where one is needed, and nothing else changes: ${name}`, async (test) => {
      const { client, received } = await setUp(test, TIGHT);
      await client.post('/chat/completions', { body: body() as object, headers: JSON_TYPE });
      const { max_tokens: cap, ...rest } = JSON.parse(received[0]?.text ?? '');
      assert.deepEqual(rest, JSON.parse(text));
      assert.ok(cap > 0 && cap < 400);
      assert.ok(received[0]?.text.startsWith(text.slice(0, text.lastIndexOf('}'))));
    });
  }

  const streams: Record<string, () => unknown> = {
    ReadableStream: () => new Blob([text]).stream(),
    iterable: () =>
      (async function* () {
        yield new TextEncoder().encode(text);
      })(),
  };
  for (const [name, body] of Object.entries(streams)) {
    it(`that is a stream is sent as it is, and reported as unbounded: ${name}`, async (test) => {
      const { client, received, ledger, events } = await setUp(test, TIGHT);
      await client.post('/chat/completions', { body: body() as object, headers: JSON_TYPE });
      assert.equal(received[0]?.text, text);
      assert.deepEqual([(await ledger()).tokens, (await ledger()).calls], [15, 1]);
      assert.partialDeepStrictEqual(events, [{ type: 'unmetered', reason: 'unbounded' }]);
    });

    it(`that is a stream is refused if unbounded requests are: ${name}`, async (test) => {
      const { client, received } = await setUp(test, { ...TIGHT, unmeteredEndpoints: 'refuse' });
      await assert.rejects(client.post('/chat/completions', { body: body() as object, headers: JSON_TYPE }), {
        code: 'token_budget_unmetered',
      });
      assert.equal(received.length, 0);
    });
  }
});

describe('a body that serializes itself', () => {
  class Message {
    readonly role = 'user';
    readonly #text: string;
    reads = 0;

    constructor(text: string) {
      this.#text = text;
    }

    toJSON() {
      this.reads += 1;
      return { role: this.role, content: this.#text };
    }
  }

  it('is bounded by what is sent, and read once', async (test) => {
    const { client, received } = await setUp(test, { limits: { tokens: 1_000 } });
    const message = new Message('word '.repeat(20_000));
    const long = { ...CHAT, max_tokens: 10, messages: [message] } as never;
    await assert.rejects(client.chat.completions.create(long), { code: 'token_budget_exceeded' });
    assert.deepEqual([received.length, message.reads], [0, 1]);
    const short = new Message('Hello.');
    await client.chat.completions.create({ ...CHAT, messages: [short] } as never);
    assert.equal(short.reads, 1);
    assert.equal(JSON.parse(received[0]?.text ?? '').messages[0].content, 'Hello.');
  });

  it('has accessors that are read once, and stays the same object', async (test) => {
    const { client, received } = await setUp(test, TIGHT);
    let reads = 0;
    const body = {
      ...CHAT,
      stream: true as const,
      get user() {
        reads += 1;
        return `user ${reads}`;
      },
    };
    for await (const _ of (await client.chat.completions.create(
      body as never,
    )) as unknown as AsyncIterable<unknown>);
    const sent = JSON.parse(received[0]?.text ?? '');
    assert.deepEqual([reads, sent.user], [1, 'user 1']);
    assert.ok(sent.max_tokens > 0);
  });
});

describe('a plain body', () => {
  it('is the object that the program gave, also where a cap goes in', async (test) => {
    const { client, received } = await setUp(test, TIGHT);
    const body = Object.freeze({ ...CHAT, stream: false as const });
    const seen: unknown[] = [];
    const watched = client.withOptions({});
    const build = Reflect.get(watched, 'buildRequest') as (
      options: { body?: unknown },
      ...rest: unknown[]
    ) => unknown;
    Object.assign(watched, {
      buildRequest(options: { body?: unknown }, ...rest: unknown[]) {
        seen.push(options.body);
        return build.call(watched, options, ...rest);
      },
    });
    await watched.chat.completions.create(body as never);
    assert.equal(seen[0], body);
    assert.ok(JSON.parse(received[0]?.text ?? '').max_tokens > 0);
  });

  it('may be set by prepareOptions', async (test) => {
    const { client, received, ledger } = await setUp(test, TIGHT);
    const prepared = client.withOptions({});
    Object.assign(prepared, {
      prepareOptions: async (options: { body?: unknown; path: string }) => {
        options.body = { ...CHAT, messages: [{ role: 'user', content: 'Set later.' }] };
      },
    });
    await prepared.chat.completions.create({ model: 'gpt-4o-mini', messages: [] });
    const sent = JSON.parse(received[0]?.text ?? '');
    assert.deepEqual([sent.messages[0].content, (await ledger()).calls], ['Set later.', 1]);
    assert.ok(sent.max_tokens > 0);
  });
});
