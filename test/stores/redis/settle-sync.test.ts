import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMainThread } from 'node:worker_threads';
import { NOTHING } from '../../../src/budget/index.ts';
import { settleSync } from '../../../src/stores/redis/settle-sync.ts';

/** Longer than the wait takes, and than the test may. */
const TIMEOUT_MS = 60_000;

test('a thread that ends before it has settled anything is not waited for', { timeout: TIMEOUT_MS }, () => {
  assert.ok(isMainThread, 'the thread that exits waits for another');
  const started = performance.now();
  // The store of the thread throws.
  const last = {
    url: 'nonsense:',
    prefix: 'test',
    settlements: [['id', NOTHING]],
    timeoutMs: TIMEOUT_MS,
  } as const;
  assert.equal(settleSync(last), false);
  assert.ok(performance.now() - started < TIMEOUT_MS / 2);
});
