import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { budgetFetch } from '../../src/clients/fetch/index.ts';
import { REPO_ROOT } from '../support/paths.ts';
import { ask, JSON_TYPE, startNested } from './nested-calls.ts';

test('a request is one call, and a call within a call is a call, in two copies of this package', async (test) => {
  const { tracker, api, withFetch, agrees } = await startNested(test);
  const copy = (await import(
    pathToFileURL(join(REPO_ROOT, 'dist', 'clients', 'fetch', 'index.js')).href
  )) as typeof import('../../src/clients/fetch/index.ts');
  assert.notEqual(copy.budgetFetch, budgetFetch);
  const other = copy.budgetFetch({ tracker });
  await ask(withFetch(other));
  await agrees(1);
  await other(`${api.url}/chat/completions`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ model: 'gpt-4o', max_tokens: 20, messages: [{ role: 'user', content: 'Hi.' }] }),
  }).then((response) => response.text());
  await agrees(2);
});
