import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { StoreError } from '../../../src/budget/index.ts';
import { SqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { isPromise } from '../../../src/util/index.ts';
import { assertBalances, job, request, team, tokens } from '../contract-support.ts';

describe('work that waits for a locked file', () => {
  let directory: string;
  let path: string;
  let holder: DatabaseSync;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-queue-'));
    path = join(directory, 'ledger.db');
    await new SqliteStore(path).balances(job);
    holder = new DatabaseSync(path);
  });

  afterEach(() => {
    holder.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('is done in its order when the file is free, and each on its own', async () => {
    const store = new SqliteStore(path);
    holder.exec('BEGIN IMMEDIATE');
    const order: string[] = [];
    const ask = (id: string): Promise<unknown> =>
      Promise.resolve(store.reserve([job], request(id))).then(
        () => order.push(id),
        (error: Error) => order.push(error.message),
      );
    const asked = [ask('a'), ask('a'), ask('b'), store.charge([team], tokens(3))];
    holder.exec('COMMIT');
    // The file is free, but those before come first.
    const last = store.reserve([job], request('c'));
    assert.ok(isPromise(last));
    await Promise.all([...asked, last]);
    assert.deepEqual(order, ['a', 'The reservation "a" is open already.', 'b']);
    await assertBalances(store, job, { open: 3, reserved: { costNanoUsd: 21, tokens: 180, calls: 3 } });
    await assertBalances(store, team, { settled: tokens(3) });
    await store.close();
  });

  it('is rejected, with the file and the time, if it stays locked', async () => {
    const store = new SqliteStore(path, { busyTimeoutMs: 100 });
    holder.exec('BEGIN IMMEDIATE');
    await assert.rejects(
      async () => store.charge([job], tokens(1)),
      (error) =>
        error instanceof StoreError && /ledger\.db was locked for more than 100 ms/.test(error.message),
    );
    holder.exec('COMMIT');
    await store.charge([job], tokens(1));
    await assertBalances(store, job, { settled: tokens(1) });
    await store.close();
  });

  it('is done at the exit of the process if the file is free then', async () => {
    const store = new SqliteStore(path);
    holder.exec('BEGIN IMMEDIATE');
    void store.charge([job], tokens(5));
    assert.equal(store.settleAtExit(20), false);
    holder.exec('COMMIT');
    assert.equal(store.settleAtExit(20), true);
    await assertBalances(new SqliteStore(path), job, { settled: tokens(5) });
    await store.close();
  });
});
