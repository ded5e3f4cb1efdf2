import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import * as budget from '../src/budget/index.ts';
import { REPO_ROOT } from './support/paths.ts';

const built = (path: string): Promise<Record<string, unknown>> =>
  import(pathToFileURL(join(REPO_ROOT, 'dist', path)).href);

/** The packages that a file of `dist` imports, Node's own aside. */
function packagesOf(path: string): string[] {
  const text = readFileSync(join(REPO_ROOT, 'dist', path), 'utf8');
  const names = [...text.matchAll(/^import .* from "([^".]+[^"]*)";$/gm)].map(([, name]) => String(name));
  return [...new Set(names)].filter((name) => !name.startsWith('node:')).sort();
}

describe('the bundles of dist', () => {
  test('leave each module at its path, with its exports, and nothing twice', async () => {
    const index = await built('index.js');
    const inBudget = await built('budget/index.js');
    const ofRefusal = await built('budget/errors.js');
    assert.deepEqual(Object.keys(inBudget).sort(), Object.keys(budget).sort());
    assert.equal(index['BudgetExceededError'], inBudget['BudgetExceededError']);
    assert.equal(index['BudgetExceededError'], ofRefusal['BudgetExceededError']);
    assert.equal((index['BudgetExceededError'] as { name: string }).name, 'BudgetExceededError');
  });

  test('keep the names of classes', async () => {
    const entries = await Promise.all(['index.js', 'jobs/index.js', 'openai/index.js'].map(built));
    for (const [name, value] of entries.flatMap((entry) => Object.entries(entry))) {
      if (typeof value === 'function') assert.equal(value.name, name);
    }
  });

  test('load no package before it is needed', () => {
    assert.deepEqual(packagesOf('core.bundle.js'), ['valibot']);
    assert.deepEqual(packagesOf('calls.bundle.js'), ['@opentelemetry/api']);
    assert.deepEqual(packagesOf('openai.bundle.js'), [
      '@opentelemetry/api',
      '@opentelemetry/instrumentation',
    ]);
    assert.deepEqual(packagesOf('preload.bundle.js'), [
      '@opentelemetry/api',
      'import-in-the-middle/register-hooks.mjs',
    ]);
  });
});
