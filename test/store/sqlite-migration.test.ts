import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import { NO_GRANT } from '../../src/budget/index.ts';
import { SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { admittedOf, assertBalances, HELD, job, request, tokens } from './contract-support.ts';

/** The tables as the first version made them. */
const FIRST_TABLES = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE accounts (
    id INTEGER PRIMARY KEY, budget TEXT NOT NULL, window_start INTEGER NOT NULL, window_end INTEGER,
    started_at INTEGER NOT NULL, settled_cost INTEGER NOT NULL DEFAULT 0, settled_tokens INTEGER NOT NULL DEFAULT 0,
    settled_calls INTEGER NOT NULL DEFAULT 0, reserved_cost INTEGER NOT NULL DEFAULT 0,
    reserved_tokens INTEGER NOT NULL DEFAULT 0, reserved_calls INTEGER NOT NULL DEFAULT 0,
    open INTEGER NOT NULL DEFAULT 0, UNIQUE (budget, window_start)
  ) STRICT;
  CREATE TABLE reservations (
    id TEXT PRIMARY KEY, cost INTEGER NOT NULL, tokens INTEGER NOT NULL, calls INTEGER NOT NULL, lease_until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX reservations_by_lease ON reservations (lease_until);
  CREATE TABLE reservation_accounts (
    reservation TEXT NOT NULL REFERENCES reservations ON DELETE CASCADE, account INTEGER NOT NULL REFERENCES accounts,
    PRIMARY KEY (reservation, account)
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${0x6f746b62};
  PRAGMA user_version = 1;
  INSERT INTO accounts VALUES (1, 'job', 0, NULL, 1000, 0, 300, 3, 7, 60, 1, 1);
  INSERT INTO reservations VALUES ('open', 7, 60, 1, ${Number.MAX_SAFE_INTEGER});
  INSERT INTO reservation_accounts VALUES ('open', 1);`;

describe('a ledger file of an older version', () => {
  const directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-migration-'));
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('is brought up to this one, with all that it holds, while an older process has it open', async () => {
    const path = join(directory, 'ledger.db');
    const older = new DatabaseSync(path);
    older.exec(FIRST_TABLES);
    const charge = older.prepare('UPDATE accounts SET settled_tokens = settled_tokens + ? WHERE id = 1');
    const stores = [new SqliteStore(path), new SqliteStore(path)];
    const [store = new SqliteStore(path), other = store] = stores;
    const settled = { costNanoUsd: 0, tokens: 300, calls: 3 };
    await assertBalances(store, job, { settled, reserved: HELD, open: 1 });
    charge.run(100);
    const [account] = await other.accounts();
    assert.deepEqual([account?.definition, account?.balances.settled.tokens], [undefined, 400]);
    await other.raise(job, { ...NO_GRANT, tokens: 1_000 });
    assert.equal(await store.settle('open', tokens(50)), true);
    assert.equal(admittedOf(await store.reserve([job], request('a', { outputCap: 1_500 }))).outputCap, 1_500);
    assert.deepEqual((await other.accounts())[0]?.definition?.limits, job.limits);
    older.close();
    for (const one of stores) await one.close();
    const version = new DatabaseSync(path).prepare('PRAGMA user_version').get();
    assert.deepEqual({ ...version }, { user_version: 3 });
  });
});
