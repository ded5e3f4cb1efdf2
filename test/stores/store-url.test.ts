import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { StoreError } from '../../src/budget/index.ts';
import {
  MemoryStore,
  openLedger,
  openStore,
  parseStoreUrl,
  ResilientStore,
  tryParseStoreUrl,
} from '../../src/stores/index.ts';

const SETTINGS = { failurePolicy: 'closed', storeWaitMs: 100 } as const;

describe('the URL of a store', () => {
  for (const [text, expected] of [
    ['memory', { kind: 'memory' }],
    ['sqlite:./budget.db', { kind: 'sqlite', path: './budget.db' }],
    ['sqlite:C:\\data\\budget.db', { kind: 'sqlite', path: 'C:\\data\\budget.db' }],
    ['redis://localhost:6379', { kind: 'redis', url: 'redis://localhost:6379' }],
    ['rediss://user:secret@host/2', { kind: 'redis', url: 'rediss://user:secret@host/2' }],
  ] as const) {
    it(`is parsed: ${text}`, () => {
      assert.deepEqual(parseStoreUrl(text), expected);
      assert.deepEqual(tryParseStoreUrl(text), expected);
    });
  }

  for (const text of ['', 'Memory', 'memory:', 'sqlite:', 'redis:localhost', 'redis://', 'postgres://x']) {
    it(`is rejected, and named in the error: ${JSON.stringify(text)}`, () => {
      assert.equal(tryParseStoreUrl(text), undefined);
      assert.throws(() => parseStoreUrl(text), {
        name: 'StoreError',
        code: 'token_budget_store',
        message: `got ${JSON.stringify(text)}, expected memory, sqlite:PATH, or the URL of a Redis such as redis://localhost:6379`,
      });
      assert.throws(() => openStore({ ...SETTINGS, store: text }), StoreError);
      assert.throws(() => openLedger(text, 100), StoreError);
    });
  }

  it('shows no password in the error', () => {
    assert.throws(
      () => parseStoreUrl('mysql://root:secret@host'),
      (error: Error) => !error.message.includes('secret'),
    );
  });
});

describe('opening a store', () => {
  const directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-open-'));
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('opens a ledger in memory, which cannot fail, as it is', async () => {
    assert.ok(openStore({ ...SETTINGS, store: 'memory' }) instanceof MemoryStore);
    assert.throws(() => openLedger('memory', 100), /only be seen by its own process/);
  });

  it('handles the failures of a shared store', async () => {
    for (const store of ['redis://127.0.0.1:1', `sqlite:${join(directory, 'shared.db')}`]) {
      const opened = openStore({ ...SETTINGS, store });
      assert.ok(opened instanceof ResilientStore, store);
      await opened.close();
    }
  });

  it('creates no ledger for an operator', () => {
    const path = join(directory, 'none.db');
    assert.throws(() => openLedger(`sqlite:${path}`, 100), /There is no ledger .*none\.db/);
    assert.equal(existsSync(path), false);
  });
});
