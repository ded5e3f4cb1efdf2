import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BudgetExceededError } from '../../../src/budget/index.ts';
import { type ApiResponse, budgetedClient, eventStream, startApi } from '../../support/budgeted-client.ts';

const mp3 = (bytes: number): File => new File([new Uint8Array(bytes)], 'talk.mp3', { type: 'audio/mpeg' });

describe('speech', { concurrency: 4 }, () => {
  test('of tts-1 is charged by the characters of the input', async (t) => {
    const api = await startApi(t, () => ({ text: 'sound', type: 'audio/mpeg' }));
    const { client, ledger, spans, events } = budgetedClient(api);
    const response = await client.audio.speech.create({ model: 'tts-1', voice: 'ash', input: 'Héllo 👋' });
    assert.equal(await response.text(), 'sound');
    assert.deepEqual(await ledger(), {
      nanoUsd: 7 * 15_000,
      tokens: 0,
      calls: 1,
      open: 0,
      reservedNanoUsd: 0,
    });
    assert.equal(spans[0]?.['token_budget.usage.characters'], 7);
    assert.deepEqual(events, []);
  });

  test('of an event stream is charged by its last event, and passes unchanged', async (t) => {
    const usage = { input_tokens: 10, output_tokens: 200, total_tokens: 210 };
    const sent = eventStream([
      { type: 'speech.audio.delta', audio: 'aGk=' },
      { type: 'speech.audio.done', usage },
    ]);
    const api = await startApi(t, () => sent);
    const { client, ledger } = budgetedClient(api);
    const response = await client.audio.speech.create({
      model: 'gpt-4o-mini-tts',
      voice: 'ash',
      input: 'Hello',
      stream_format: 'sse',
    });
    assert.equal(await response.text(), sent.text);
    const { nanoUsd, tokens } = await ledger();
    assert.deepEqual([nanoUsd, tokens], [10 * 600 + 200 * 12_000, 210]);
  });

  test('without reported tokens is estimated by the length of the input', async (t) => {
    const api = await startApi(t, () => ({ text: 'sound', type: 'audio/mpeg' }));
    const { client, ledger, events, spans } = budgetedClient(api);
    await client.audio.speech.create({ model: 'gpt-4o-mini-tts', voice: 'ash', input: 'x'.repeat(150) });
    // Ten seconds of 21 tokens.
    assert.equal(spans[0]?.['gen_ai.usage.audio.output_tokens'], 210);
    assert.ok((await ledger()).nanoUsd >= 210 * 12_000);
    assert.equal(events[0]?.type, 'usage_missing');
  });
});

describe('a transcription', { concurrency: 4 }, () => {
  const responses: readonly (readonly [string, ApiResponse, object])[] = [
    ['the usage', { text: 'hi', usage: { type: 'duration', seconds: 61 } }, {}],
    ['the duration', { text: 'hi', duration: 61, segments: [] }, { response_format: 'verbose_json' }],
    ['the duration as a text', { text: 'hi', duration: '61.0' }, { response_format: 'verbose_json' }],
    [
      'the captions',
      { text: '1\n00:00:00,000 --> 00:01:01,000\nhi\n', type: 'text/plain' },
      { response_format: 'srt' },
    ],
  ];
  for (const [by, body, rest] of responses) {
    test(`of whisper-1 is charged by ${by} of the response`, async (t) => {
      const api = await startApi(t, () => body);
      const { client, ledger, spans, events } = budgetedClient(api);
      await client.audio.transcriptions.create({ model: 'whisper-1', file: mp3(100_000), ...rest });
      // $0.36 an hour.
      assert.deepEqual(await ledger(), {
        nanoUsd: 61 * 100_000,
        tokens: 0,
        calls: 1,
        open: 0,
        reservedNanoUsd: 0,
      });
      assert.equal(spans[0]?.['token_budget.usage.audio.seconds'], 61);
      assert.equal(spans[0]?.['gen_ai.request.model'], 'whisper-1');
      assert.deepEqual(events, []);
      assert.equal(api.requests[0]?.form?.get('model'), 'whisper-1');
    });
  }

  test('without a reported duration is estimated by the size of the file, and reported', async (t) => {
    const api = await startApi(t, () => ({ text: 'hi', type: 'text/plain' }));
    const { client, ledger, events } = budgetedClient(api);
    await client.audio.translations.create({
      model: 'whisper-1',
      file: mp3(40_000),
      response_format: 'text',
    });
    assert.equal((await ledger()).nanoUsd, 10 * 100_000);
    assert.equal(events[0]?.type, 'usage_missing');
  });

  const usage = {
    type: 'tokens',
    input_tokens: 110,
    input_token_details: { text_tokens: 10, audio_tokens: 100 },
    output_tokens: 20,
    total_tokens: 130,
  };
  const nanoUsd = 10 * 2_500 + 100 * 6_000 + 20 * 10_000;

  test('of gpt-4o-transcribe is charged by its tokens', async (t) => {
    const api = await startApi(t, () => ({ text: 'hi', usage }));
    const { client, ledger } = budgetedClient(api);
    await client.audio.transcriptions.create({ model: 'gpt-4o-transcribe', file: mp3(4_000) });
    assert.deepEqual(await ledger(), { nanoUsd, tokens: 130, calls: 1, open: 0, reservedNanoUsd: 0 });
  });

  test('as a stream is charged by its last event', async (t) => {
    const api = await startApi(t, () =>
      eventStream([
        { type: 'transcript.text.delta', delta: 'hi' },
        { type: 'transcript.text.done', text: 'hi', usage },
      ]),
    );
    const { client, ledger } = budgetedClient(api);
    const stream = await client.audio.transcriptions.create({
      model: 'gpt-4o-transcribe',
      file: mp3(4_000),
      stream: true,
    });
    for await (const event of stream) assert.ok(event);
    assert.equal((await ledger()).nanoUsd, nanoUsd);
  });

  test('of a file of an unknown format is reserved by the lowest bit rate', async (t) => {
    const api = await startApi(t, () => ({ text: 'hi' }));
    const { client } = budgetedClient(api, { limits: { costUsd: 0.01 } });
    for (const extension of ['opus', 'constructor']) {
      const file = new File([new Uint8Array(200_000)], `talk.${extension}`);
      const request = client.audio.transcriptions.create({ model: 'whisper-1', file });
      await assert.rejects(request, BudgetExceededError);
    }
    assert.equal(api.requests.length, 0);
  });

  test('is refused if its file may be longer than the budget can pay for', async (t) => {
    const api = await startApi(t, () => ({ text: 'hi', usage: { type: 'duration', seconds: 61 } }));
    const { client, ledger } = budgetedClient(api, { limits: { costUsd: 0.01 } });
    // An MP3 has 1,000 bytes a second at least: 200 seconds.
    const transcribe = (bytes: number) =>
      client.audio.transcriptions.create({ model: 'whisper-1', file: mp3(bytes) });
    await assert.rejects(transcribe(200_000), BudgetExceededError);
    assert.equal(api.requests.length, 0);
    await transcribe(61_000);
    assert.equal((await ledger()).nanoUsd, 6_100_000);
  });
});
