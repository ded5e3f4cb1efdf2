import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI, { APIError, AzureOpenAI } from 'openai';
import { tokenUsage } from '../../src/usage/token-usage.ts';
import { ownExchange, ownExchanges } from '../exchanges/index.ts';
import { eventually } from './eventually.ts';
import { loadRecordings, recordingsMissing } from './recordings.ts';
import { type ReplayServer, replayHeaders, startReplayServer } from './replay-server.ts';

describe('the replay server, asked by the official client', () => {
  let server: ReplayServer;
  let client: OpenAI;
  before(async () => {
    server = await startReplayServer({ exchanges: ownExchanges });
    client = new OpenAI({ apiKey: 'none', baseURL: server.baseURL, maxRetries: 0 });
  });
  after(() => server.close());
  const last = () => server.account.at(-1);
  // Exchanges are data: their requests are sent as they stand.
  const chat = (id: string) =>
    ownExchange(id).request as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming;
  const chatStream = (id: string) =>
    ownExchange(id).request as unknown as OpenAI.ChatCompletionCreateParamsStreaming;

  it('answers a plain chat', async () => {
    const completion = await client.chat.completions.create(chat('chat-plain'));
    assert.match(completion.choices[0]?.message.content ?? '', /^Ten minutes/);
    assert.deepEqual(last()?.billed, tokenUsage({ input: 37, output: 17 }));
    assert.equal(last()?.headers['authorization'], undefined);
    assert.equal(last()?.outcome, 'sent');
  });

  it('streams, in pieces of five bytes, what was written in more than one byte', async () => {
    const stream = await client.chat.completions.create(chatStream('chat-stream-usage'), {
      headers: replayHeaders(undefined, { chunkBytes: 5 }),
    });
    let text = '';
    let tokens = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      tokens += chunk.usage?.total_tokens ?? 0;
    }
    assert.match(text, /12:25 – mind/);
    assert.equal(tokens, 45);
  });

  it('adds the usage chunk only where it is asked for, and bills it either way', async () => {
    const request = chatStream('chat-stream-plain');
    const usages: number[] = [];
    for (const options of [{}, { stream_options: { include_usage: true } }]) {
      for await (const chunk of await client.chat.completions.create({ ...request, ...options })) {
        if (chunk.usage) usages.push(chunk.usage.prompt_tokens);
      }
      assert.equal(last()?.id, 'chat-stream-plain');
      assert.deepEqual(last()?.billed, tokenUsage({ input: 17, output: 28 }));
    }
    assert.deepEqual(usages, [17]);
  });

  it('matches a lower output cap and no higher one', async () => {
    await client.chat.completions.create({ ...chat('chat-capped'), max_completion_tokens: 3 });
    assert.equal(last()?.id, 'chat-capped');
    await assert.rejects(
      client.chat.completions.create({ ...chat('chat-capped'), max_completion_tokens: 13 }),
    );
    assert.equal(last()?.id, undefined);
  });

  it('answers with errors', async () => {
    for (const status of [400, 401, 404, 429, 500]) {
      const call = client.chat.completions.create(chat(`error-${status}`));
      await assert.rejects(call, (error) => error instanceof APIError && error.status === status);
    }
  });

  it('answers at the paths of Azure', async () => {
    const azure = new AzureOpenAI({ apiKey: 'none', endpoint: server.url, apiVersion: '2025-04-01-preview' });
    const completion = await azure.chat.completions.create(chat('azure-chat'));
    assert.equal(completion.usage?.total_tokens, 21);
    assert.equal(last()?.path, '/v1/chat/completions');
    assert.match(last()?.url ?? '', /^\/openai\/deployments\/harbour-mini\//);
    const { id } = await azure.responses.create({
      model: 'gpt-4.1',
      instructions: 'Answer in one sentence.',
      input: 'Why is port on the left?',
    });
    assert.match(id, /^resp_own/);
    assert.match(last()?.url ?? '', /^\/openai\/responses\?/);
  });

  it('streams the Responses API', async () => {
    const stream = await client.responses.create({
      model: 'gpt-4.1',
      stream: true,
      input: 'One line about the Azores.',
    });
    let text = '';
    let total = 0;
    for await (const event of stream) {
      if (event.type === 'response.output_text.delta') text += event.delta;
      if (event.type === 'response.completed') total = event.response.usage?.total_tokens ?? 0;
    }
    assert.match(text, /^Nine islands/);
    assert.equal(total, 29);
  });

  it('encodes embeddings as the client asks', async () => {
    const input = 'a lighthouse keeper';
    const model = 'text-embedding-3-small';
    for (const encoding of [{}, { encoding_format: 'float' as const }]) {
      const answer = await client.embeddings.create({ model, input, ...encoding });
      assert.deepEqual([...(answer.data[0]?.embedding ?? [])], [0.25, -0.5, 0.125, 1]);
    }
  });

  it('cuts, hangs, breaks and fails when told to', async () => {
    const send = (behaviour: Parameters<typeof replayHeaders>[1], timeout = 5000) =>
      client.chat.completions.create(chat('chat-plain'), {
        headers: replayHeaders(undefined, behaviour),
        timeout,
      });
    await assert.rejects(send({ cutAfterBytes: 40 }));
    assert.equal(last()?.outcome, 'cut');
    await assert.rejects(send({ cutAfterBytes: 0 }));
    await assert.rejects(send({ hang: true }, 100));
    await assert.rejects(send({ body: '{"choices":' }));
    await assert.rejects(send({ status: 503 }), (error) => error instanceof APIError && error.status === 503);
  });

  it('sees a client leave a stream', async () => {
    const stream = await client.chat.completions.create(chatStream('chat-stream-plain'), {
      headers: replayHeaders(undefined, { chunkDelayMs: 20 }),
    });
    for await (const _ of stream) break;
    await eventually('it is seen', () => last()?.outcome === 'aborted');
  });
});

describe('exchanges', () => {
  it('have ids of their own and are found by their requests', async () => {
    const ids = new Set(ownExchanges.map(({ id }) => id));
    assert.equal(ids.size, ownExchanges.length);
    const server = await startReplayServer({ exchanges: ownExchanges });
    for (const exchange of ownExchanges) {
      const response = await fetch(`${server.url}${exchange.path}`, {
        method: 'POST',
        body: JSON.stringify(exchange.request),
      });
      await response.arrayBuffer();
      const entry = server.account.at(-1);
      assert.equal(entry?.id, exchange.id);
      if (exchange.expected !== undefined && exchange.status === 200) {
        assert.deepEqual(entry?.billed, exchange.expected, exchange.id);
      }
    }
    await server.close();
  });

  it('of the recordings are read, compressed ones too', (t) => {
    const recordings = loadRecordings();
    if (recordings === undefined) return t.skip(recordingsMissing);
    assert.equal(recordings.length, 403);
    assert.ok(recordings.every(({ response }) => !Array.isArray(response)));
  });
});
