import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it, test } from 'node:test';
import { EndpointNotCountedError } from '../../src/budget/index.ts';
import { COVERAGE, type Coverage, coverageOf } from '../../src/providers/openai/endpoint-support.ts';
import { REPO_ROOT } from '../support/paths.ts';
import { sdkEndpoints } from './sdk-endpoints.ts';
import { budgeted, startApi } from './support.ts';

/** The rows of the table in docs/coverage.md. */
const documented = new Map(
  [
    ...readFileSync(join(REPO_ROOT, 'docs', 'coverage.md'), 'utf8').matchAll(
      /^\| `POST ([^`]+)` \| ([a-z ]+) \|/gm,
    ),
  ].map(([, path, coverage]) => [path, coverage]),
);

/** Paths that only older releases of the SDK have. */
const OLDER = ['/evals/{id}/runs/{id}'];

describe('the table of endpoints', () => {
  let sdk: ReadonlySet<string>;
  let posts: readonly string[];

  before(async () => {
    sdk = await sdkEndpoints();
    posts = [...sdk].filter((one) => one.startsWith('POST ')).map((one) => one.slice('POST '.length));
  });

  it('is what is done', () => {
    assert.deepEqual([...documented].sort(), [...COVERAGE].sort());
  });

  it('has every request of the installed SDK that is not a mere look or deletion', () => {
    assert.ok(posts.length > 150, `${posts.length} found`);
    for (const path of ['/chat/completions', '/responses', '/embeddings', '/threads/{id}/runs'])
      assert.ok(posts.includes(path), path);
    const unlisted = posts.filter(
      (path) => !COVERAGE.has(coverageOf('post', path).endpoint.slice('POST '.length)),
    );
    assert.deepEqual(unlisted, []);
    const methods = new Set([...sdk].map((one) => one.split(' ')[0]));
    assert.deepEqual([...methods].sort(), ['DELETE', 'GET', 'POST']);
  });

  it('has nothing that is gone', () => {
    const known = new Set(posts.map((path) => coverageOf('post', path).endpoint.slice('POST '.length)));
    const gone = [...COVERAGE.keys()].filter((path) => !known.has(path) && !OLDER.includes(path));
    assert.deepEqual(gone, []);
  });

  const cases: readonly (readonly [string, string, Coverage, string])[] = [
    ['get', '/vector_stores', 'free', 'GET /vector_stores'],
    ['delete', '/files/file-1', 'free', 'DELETE /files/{id}'],
    ['post', '/vector_stores/vs_1/files?x=1', 'not counted', 'POST /vector_stores/{id}/files'],
    ['POST', '/videos/edits', 'counted', 'POST /videos/edits'],
    ['post', '/videos/video_1/remix', 'counted', 'POST /videos/{id}/remix'],
    ['post', '/organization/projects/p/archive', 'free', 'POST /organization/**'],
    ['post', '/something/new', 'not counted', 'POST /something/new'],
    ['post', '/something/abc123/new', 'not counted', 'POST /something/{id}/new'],
    ['put', '/something', 'not counted', 'PUT /something'],
  ];
  for (const [method, path, coverage, endpoint] of cases) {
    it(`says of ${method} ${path} that it is ${coverage}`, () => {
      const found = coverageOf(method, path);
      assert.equal(found.coverage, coverage);
      if (method !== 'delete') assert.equal(found.endpoint, endpoint);
    });
  }
});

describe('an endpoint that is not counted', () => {
  test('is told of once, and its requests pass', async (t) => {
    const api = await startApi(t, () => ({ id: 'vs_1', object: 'vector_store' }));
    const { client, ledger, events } = budgeted(api);
    for (let n = 0; n < 3; n += 1) await client.vectorStores.create({ name: 'x' });
    await client.vectorStores.files.create('vs_1', { file_id: 'file-1' });
    await client.vectorStores.retrieve('vs_1');
    assert.equal(api.requests.length, 5);
    assert.deepEqual(events, [
      {
        type: 'not_counted',
        budget: 'b',
        endpoint: 'POST /vector_stores',
        reason: 'endpoint',
        refused: false,
      },
      {
        type: 'not_counted',
        budget: 'b',
        endpoint: 'POST /vector_stores/{id}/files',
        reason: 'endpoint',
        refused: false,
      },
    ]);
    assert.deepEqual(await ledger(), { nanoUsd: 0, tokens: 0, calls: 0, open: 0, reservedNanoUsd: 0 });
  });

  test('is refused where that is set, before it leaves the process, and not in other modes', async (t) => {
    const api = await startApi(t, () => ({ id: 'ftjob-1', object: 'fine_tuning.job' }));
    const job = { model: 'gpt-4o-mini', training_file: 'file-1' };
    const { client, events } = budgeted(api, { uncountedEndpoints: 'refuse' });
    for (let n = 0; n < 2; n += 1) {
      await assert.rejects(client.fineTuning.jobs.create(job), (error) => {
        assert.ok(error instanceof EndpointNotCountedError);
        assert.deepEqual([error.code, error.status], ['token_budget_not_counted', 402]);
        assert.match(error.message, /POST \/fine_tuning\/jobs.*uncountedEndpoints/);
        return true;
      });
    }
    assert.deepEqual(
      events.map((event) => event.type === 'not_counted' && event.refused),
      [true],
    );
    assert.equal(api.requests.length, 0);
    const soft = budgeted(api, { uncountedEndpoints: 'refuse', mode: 'soft' });
    await soft.client.fineTuning.jobs.create(job);
    assert.equal(api.requests.length, 1);
  });

  test('is one that nobody has heard of too', async (t) => {
    const api = await startApi(t, () => ({ ok: true }));
    const { client, events } = budgeted(api);
    await client.post('/brand/new', { body: {} });
    assert.partialDeepStrictEqual(events[0], { type: 'not_counted', endpoint: 'POST /brand/new' });
  });
});

test('an endpoint that is free is not told of, nor refused', async (t) => {
  const api = await startApi(t, () => ({ id: 'modr-1', model: 'omni-moderation-latest', results: [] }));
  const { client, ledger, events } = budgeted(api, { uncountedEndpoints: 'refuse' });
  await client.moderations.create({ model: 'omni-moderation-latest', input: 'x' });
  await client.conversations.create({});
  await client.models.list();
  await client.files.create({ purpose: 'assistants', file: new File(['x'], 'x.txt') });
  assert.equal(api.requests.length, 4);
  assert.deepEqual(events, []);
  assert.deepEqual(await ledger(), { nanoUsd: 0, tokens: 0, calls: 0, open: 0, reservedNanoUsd: 0 });
});
