import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BudgetExceededError } from '../../../src/budget/index.ts';
import { budgetedClient, eventStream, startApi } from '../../support/budgeted-client.ts';
import { isObject } from '../../support/json.ts';
import { loadRecordings, recordingsMissing } from '../../support/recordings.ts';

const recordings = loadRecordings();
const DATA = [{ b64_json: 'aGk=' }];
const USAGE = {
  input_tokens: 60,
  input_tokens_details: { text_tokens: 20, image_tokens: 40 },
  output_tokens: 1_056,
  total_tokens: 1_116,
};

describe('images', { concurrency: 4 }, () => {
  test('of gpt-image are charged by their tokens', async (t) => {
    const api = await startApi(t, () => ({ created: 1, data: DATA, usage: USAGE }));
    const { client, ledger, spans } = budgetedClient(api);
    await client.images.generate({ model: 'gpt-image-1', prompt: 'A lighthouse.', quality: 'medium' });
    // 20 text tokens at $5, 40 image tokens at $10, 1,056 out at $40 a million.
    const nanoUsd = 20 * 5_000 + 40 * 10_000 + 1_056 * 40_000;
    assert.deepEqual(await ledger(), { nanoUsd, tokens: 1_116, calls: 1, open: 0, reservedNanoUsd: 0 });
    assert.equal(spans[0]?.['gen_ai.operation.name'], 'generate_content');
    assert.equal(spans[0]?.['gen_ai.usage.image.output_tokens'], 1_056);
    assert.equal(spans[0]?.['token_budget.usage.source'], 'response');
  });

  test('of a stream are charged by its last event', async (t) => {
    const api = await startApi(t, () =>
      eventStream([
        { type: 'image_generation.partial_image', b64_json: 'aGk=', partial_image_index: 0 },
        { type: 'image_generation.completed', b64_json: 'aGk=', usage: USAGE },
      ]),
    );
    const { client, ledger } = budgetedClient(api);
    const stream = await client.images.generate({ model: 'gpt-image-1', prompt: 'x', stream: true });
    let events = 0;
    for await (const _ of stream) events += 1;
    assert.equal(events, 2);
    const { nanoUsd, open } = await ledger();
    assert.deepEqual([nanoUsd, open], [20 * 5_000 + 40 * 10_000 + 1_056 * 40_000, 0]);
  });

  test('to edit are sent as the original form', async (t) => {
    const api = await startApi(t, () => ({ created: 1, data: DATA, usage: USAGE }));
    const { client, ledger } = budgetedClient(api);
    const image = new File(['picture'], 'a.png', { type: 'image/png' });
    await client.images.edit({ model: 'gpt-image-1', image: [image, image], prompt: 'Paint it.' });
    const form = api.requests[0]?.form;
    assert.equal(form?.getAll('image[]').length, 2);
    assert.equal(form?.get('prompt'), 'Paint it.');
    assert.equal((await ledger()).tokens, 1_116);
  });

  const prices = { mine: { input: 0, output: 0, picture: 0.07 } };
  for (const n of [1, 3]) {
    test(`of a model with a price of your own: ${n} cost ${n} times that`, async (t) => {
      const data = Array.from({ length: n }, () => ({ url: 'https://example.com/a.png' }));
      const api = await startApi(t, () => ({ created: 1, data }));
      const { client, ledger, spans, events } = budgetedClient(api, { prices });
      await client.images.generate({ model: 'mine', prompt: 'x', n, size: '640x480' });
      const nanoUsd = n * 70_000_000;
      assert.deepEqual(await ledger(), { nanoUsd, tokens: 0, calls: 1, open: 0, reservedNanoUsd: 0 });
      assert.equal(spans[0]?.['token_budget.usage.pictures'], n);
      assert.equal(spans[0]?.['token_budget.price.source'], 'override');
      assert.deepEqual(events, []);
    });
  }

  test('are refused if the budget cannot pay for the most expensive result', async (t) => {
    const api = await startApi(t, () => ({ created: 1, data: DATA, usage: USAGE }));
    const { client } = budgetedClient(api, { limits: { costUsd: 0.2 } });
    const generate = (quality: 'high' | 'medium') =>
      client.images.generate({ model: 'gpt-image-1', prompt: 'x', quality });
    await assert.rejects(generate('high'), BudgetExceededError);
    assert.equal(api.requests.length, 0);
    await generate('medium');
    assert.equal(api.requests.length, 1);
  });

  test('of an unknown quality and size are reserved at the highest price', async (t) => {
    const api = await startApi(t, () => ({ created: 1, data: DATA, usage: USAGE }));
    const { client } = budgetedClient(api, { limits: { costUsd: 0.2 } });
    for (const name of ['best', 'constructor']) {
      const body = { model: 'gpt-image-1', prompt: 'x', quality: name, size: name };
      const request = client.post('/images/generations', { body });
      await assert.rejects(request, BudgetExceededError);
    }
    assert.equal(api.requests.length, 0);
  });

  test('without reported usage are estimated by quality and size, and reported', async (t) => {
    const api = await startApi(t, () => ({ created: 1, data: DATA }));
    const { client, ledger, events } = budgetedClient(api);
    const request = { model: 'gpt-image-1', prompt: 'x', quality: 'low', size: '1024x1024' } as const;
    await client.images.generate(request);
    const { nanoUsd } = await ledger();
    assert.ok(nanoUsd >= 272 * 40_000 && nanoUsd < 272 * 40_000 + 100_000, `${nanoUsd}`);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['usage_missing'],
    );
  });

  test('of a model without a price are charged at the highest price of an image, and reported', async (t) => {
    const api = await startApi(t, () => ({ created: 1, data: DATA }));
    const { client, ledger, events } = budgetedClient(api);
    await client.images.generate({ model: 'dall-e-3', prompt: 'x' });
    assert.equal((await ledger()).nanoUsd, 120_000_000);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['price_unknown'],
    );
  });

  test('with an SVG are charged for the model that wrote it too', async (t) => {
    const svg_usage = {
      model: 'gpt-5.2',
      input_tokens: 1_000,
      output_tokens: 100,
      reasoning_tokens: 0,
      total_tokens: 1_100,
    };
    const api = await startApi(t, () => ({ created: 1, data: DATA, usage: USAGE, svg_usage }));
    const { client, ledger } = budgetedClient(api);
    await client.images.generate({ model: 'gpt-image-1', prompt: 'x' });
    const images = 20 * 5_000 + 40 * 10_000 + 1_056 * 40_000;
    const { nanoUsd, tokens } = await ledger();
    assert.deepEqual([nanoUsd, tokens], [images + 3_150_000, 1_116 + 1_100]);
  });

  test('of recordings are charged by the image', {
    skip: recordings ? false : recordingsMissing,
  }, async (t) => {
    const recorded = (recordings ?? []).filter(
      ({ path, status }) => path === '/v1/images/generations' && status === 200,
    );
    assert.ok(recorded.length > 0);
    for (const { request, response } of recorded) {
      const api = await startApi(t, () => (isObject(response) ? response : undefined));
      const { client, ledger } = budgetedClient(api, {
        prices: { 'dall-e-2': { input: 0, output: 0, picture: 0.016 } },
      });
      const { prompt, model, size } = request;
      assert.deepEqual([model, size], ['dall-e-2', '256x256']);
      await client.images.generate({ prompt: String(prompt), model: 'dall-e-2', size: '256x256' });
      assert.equal((await ledger()).nanoUsd, 16_000_000);
    }
  });

  test('that fail cost nothing', async (t) => {
    const api = await startApi(t, () => ({ text: '{"error":{}}', type: 'application/json', status: 400 }));
    const { client, ledger } = budgetedClient(api);
    await assert.rejects(client.images.generate({ model: 'gpt-image-1', prompt: 'x' }));
    assert.deepEqual(await ledger(), { nanoUsd: 0, tokens: 0, calls: 0, open: 0, reservedNanoUsd: 0 });
  });
});
