import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it, test } from 'node:test';
import { UnmeteredEndpointError } from '../../../src/budget/index.ts';
import {
  ENDPOINT_SUPPORT,
  type EndpointSupport,
  endpointSupport,
} from '../../../src/providers/openai/endpoints/endpoint-support.ts';
import { budgetedClient, startApi } from '../../support/budgeted-client.ts';
import { REPO_ROOT } from '../../support/paths.ts';
import { sdkEndpoints } from './sdk-endpoints.ts';

/** The rows of the table in docs/coverage.md. */
const documented = new Map(
  [
    ...readFileSync(join(REPO_ROOT, 'docs', 'coverage.md'), 'utf8').matchAll(
      /^\| `POST ([^`]+)` \| ([a-z ]+) \|/gm,
    ),
  ].map(([, path, coverage]) => [path, coverage]),
);

/** Paths that only earlier releases of the SDK have. */
const EARLIER_PATHS = ['/evals/{id}/runs/{id}'];

describe('the table of endpoints', () => {
  let sdk: ReadonlySet<string>;
  let posts: readonly string[];

  before(async () => {
    sdk = await sdkEndpoints();
    posts = [...sdk].filter((one) => one.startsWith('POST ')).map((one) => one.slice('POST '.length));
  });

  it('equals the one in the documentation', () => {
    assert.deepEqual([...documented].sort(), [...ENDPOINT_SUPPORT].sort());
  });

  it('has every POST request of the installed SDK, which has no other methods but GET and DELETE', () => {
    assert.ok(posts.length > 150, `${posts.length} found`);
    for (const path of ['/chat/completions', '/responses', '/embeddings', '/threads/{id}/runs'])
      assert.ok(posts.includes(path), path);
    const unlisted = posts.filter(
      (path) => !ENDPOINT_SUPPORT.has(endpointSupport('post', path).name.slice('POST '.length)),
    );
    assert.deepEqual(unlisted, []);
    const methods = new Set([...sdk].map((one) => one.split(' ')[0]));
    assert.deepEqual([...methods].sort(), ['DELETE', 'GET', 'POST']);
  });

  it('has no endpoint that was removed', () => {
    const known = new Set(posts.map((path) => endpointSupport('post', path).name.slice('POST '.length)));
    const gone = [...ENDPOINT_SUPPORT.keys()].filter(
      (path) => !known.has(path) && !EARLIER_PATHS.includes(path),
    );
    assert.deepEqual(gone, []);
  });

  const cases: readonly (readonly [string, string, EndpointSupport, string])[] = [
    ['get', '/vector_stores', 'free', 'GET /vector_stores'],
    ['delete', '/files/file-1', 'free', 'DELETE /files/{id}'],
    ['post', '/vector_stores/vs_1/files?x=1', 'unmetered', 'POST /vector_stores/{id}/files'],
    ['POST', '/videos/edits', 'enforced', 'POST /videos/edits'],
    ['post', '/videos/video_1/remix', 'enforced', 'POST /videos/{id}/remix'],
    ['post', '/organization/projects/p/archive', 'free', 'POST /organization/**'],
    ['post', '/something/new', 'unmetered', 'POST /something/new'],
    ['post', '/something/abc123/new', 'unmetered', 'POST /something/{id}/new'],
    ['put', '/something', 'unmetered', 'PUT /something'],
  ];
  for (const [method, path, support, name] of cases) {
    it(`classifies ${method} ${path} as ${support}`, () => {
      const found = endpointSupport(method, path);
      assert.equal(found.support, support);
      if (method !== 'delete') assert.equal(found.name, name);
    });
  }
});

describe('an unmetered endpoint', () => {
  test('is reported once, and its requests pass', async (t) => {
    const api = await startApi(t, () => ({ id: 'vs_1', object: 'vector_store' }));
    const { client, ledger, events } = budgetedClient(api);
    for (let n = 0; n < 3; n += 1) await client.vectorStores.create({ name: 'x' });
    await client.vectorStores.files.create('vs_1', { file_id: 'file-1' });
    await client.vectorStores.retrieve('vs_1');
    assert.equal(api.requests.length, 5);
    assert.deepEqual(events, [
      {
        type: 'unmetered',
        budget: 'b',
        endpoint: 'POST /vector_stores',
        reason: 'endpoint',
        refused: false,
      },
      {
        type: 'unmetered',
        budget: 'b',
        endpoint: 'POST /vector_stores/{id}/files',
        reason: 'endpoint',
        refused: false,
      },
    ]);
    assert.deepEqual(await ledger(), { nanoUsd: 0, tokens: 0, calls: 0, open: 0, reservedNanoUsd: 0 });
  });

  test('is refused before it is sent if so configured, in strict mode only', async (t) => {
    const api = await startApi(t, () => ({ id: 'ftjob-1', object: 'fine_tuning.job' }));
    const job = { model: 'gpt-4o-mini', training_file: 'file-1' };
    const { client, events } = budgetedClient(api, { unmeteredEndpoints: 'refuse' });
    for (let n = 0; n < 2; n += 1) {
      await assert.rejects(client.fineTuning.jobs.create(job), (error) => {
        assert.ok(error instanceof UnmeteredEndpointError);
        assert.deepEqual(
          [error.name, error.code, error.status],
          ['UnmeteredEndpointError', 'token_budget_unmetered', 402],
        );
        assert.match(error.message, /POST \/fine_tuning\/jobs.*unmeteredEndpoints/);
        return true;
      });
    }
    assert.deepEqual(
      events.map((event) => event.type === 'unmetered' && event.refused),
      [true],
    );
    assert.equal(api.requests.length, 0);
    const soft = budgetedClient(api, { unmeteredEndpoints: 'refuse', mode: 'soft' });
    await soft.client.fineTuning.jobs.create(job);
    assert.equal(api.requests.length, 1);
  });

  test('is any unknown endpoint too', async (t) => {
    const api = await startApi(t, () => ({ ok: true }));
    const { client, events } = budgetedClient(api);
    await client.post('/brand/new', { body: {} });
    assert.partialDeepStrictEqual(events[0], { type: 'unmetered', endpoint: 'POST /brand/new' });
  });
});

test('a free endpoint is neither reported nor refused', async (t) => {
  const api = await startApi(t, () => ({ id: 'modr-1', model: 'omni-moderation-latest', results: [] }));
  const { client, ledger, events } = budgetedClient(api, { unmeteredEndpoints: 'refuse' });
  await client.moderations.create({ model: 'omni-moderation-latest', input: 'x' });
  await client.conversations.create({});
  await client.models.list();
  await client.files.create({ purpose: 'assistants', file: new File(['x'], 'x.txt') });
  assert.equal(api.requests.length, 4);
  assert.deepEqual(events, []);
  assert.deepEqual(await ledger(), { nanoUsd: 0, tokens: 0, calls: 0, open: 0, reservedNanoUsd: 0 });
});
