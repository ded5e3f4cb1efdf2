import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LedgerLostError, StoreError } from '../../../src/budget/index.ts';
import { SqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { eventually } from '../../support/eventually.ts';
import { runNode, startNode } from '../../support/run-node.ts';
import { assertBalances, job, request, team, tokens } from '../contract-support.ts';

describe('the SQLite store, if its file fails,', () => {
  let directory: string;
  let path: string;
  let stores: SqliteStore[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-failures-'));
    path = join(directory, 'ledger.db');
    stores = [];
  });

  afterEach(async () => {
    for (const store of stores) await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function open(given = path, busyTimeoutMs = 100): SqliteStore {
    const store = new SqliteStore(given, { busyTimeoutMs });
    stores.push(store);
    return store;
  }

  /** A ledger with 5 tokens settled for the job. */
  async function makeLedger(): Promise<void> {
    const store = open();
    await store.charge([job], tokens(5));
    await store.close();
  }

  /** Every call rejects, and says which file and what to do. */
  async function assertFails(store: SqliteStore, what: RegExp, file = path): Promise<void> {
    const calls = [
      () => store.balances(team),
      () => store.reserve([job], request('x')),
      () => store.charge([job], tokens(1)),
      () => store.settle('x', tokens(1)),
      () => store.grow([job], 'x', tokens(1)),
      () => store.heartbeat(['x'], 1),
    ];
    for (const call of calls) {
      const answer = call();
      assert.ok(answer instanceof Promise, 'rejects, and does not throw');
      await assert.rejects(answer, (error) => {
        assert.ok(error instanceof StoreError, String(error));
        assert.ok(error.message.includes(file), error.message);
        assert.match(error.message, what);
        return true;
      });
    }
  }

  it('a directory that does not exist: says so, and works once it does', async () => {
    const file = join(directory, 'missing', 'ledger.db');
    const store = open(file);
    await assertFails(store, /no directory .*missing\. Create it first/, file);
    mkdirSync(join(directory, 'missing'));
    await store.charge([job], tokens(1));
    await assertBalances(store, job, { settled: tokens(1) });
  });

  it('a directory in its place', async () => {
    mkdirSync(path);
    await assertFails(open(), /cannot be opened/);
  });

  for (const [what, content] of [
    ['text', Buffer.from('this is not a ledger\n'.repeat(500))],
    ['noise', Buffer.from(Array.from({ length: 8_192 }, (_, index) => (index * 7_919) % 251))],
    ['a header alone', Buffer.from('SQLite format 3\0')],
  ] as const) {
    it(`${what} in its place: is left unchanged`, async () => {
      writeFileSync(path, content);
      const store = open();
      await assertFails(store, /is damaged.*move it away/);
      assert.deepEqual(readFileSync(path), content);
      rmSync(path);
      await store.charge([job], tokens(1));
      await assertBalances(store, job, { settled: tokens(1) });
    });
  }

  it('a truncated file', async () => {
    await makeLedger();
    const { size } = statSync(path);
    for (const left of [size - 1_500, size / 2, 1_500, 600, 50]) {
      truncateSync(path, Math.floor(left));
      const before = readFileSync(path);
      await assertFails(open(), /is damaged.*Restore it from a backup/);
      assert.deepEqual(readFileSync(path), before);
    }
  });

  it('a file that is truncated while it is used: no call hangs or answers nonsense, and a backup fixes it', async () => {
    await makeLedger();
    const backup = readFileSync(path);
    const store = open();
    await assertBalances(store, job, { settled: tokens(5) });
    truncateSync(path, 1_500);
    await store.close();
    const next = open();
    await assertFails(next, /is damaged/);
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
    writeFileSync(path, backup);
    await assertBalances(next, job, { settled: tokens(5) });
  });

  for (const version of [0, 3]) {
    it(`tables of version ${version}: leaves the file unchanged`, async () => {
      await makeLedger();
      const database = new DatabaseSync(path);
      database.exec(`PRAGMA user_version = ${version}`);
      database.close();
      const before = readFileSync(path);
      const got = `got tables ${version}, expected 2`;
      await assertFails(open(), new RegExp(`another version of otel-token-budget \\(${got}\\)`));
      assert.deepEqual(readFileSync(path), before);
    });
  }

  it('the database of another program: leaves the file unchanged', async () => {
    const database = new DatabaseSync(path);
    database.exec('CREATE TABLE accounts (name TEXT)');
    database.close();
    const before = readFileSync(path);
    await assertFails(open(), /database of another program/);
    assert.deepEqual(readFileSync(path), before);
  });

  /** Every call is denied, and no file is created. */
  async function assertLost(store: SqliteStore): Promise<void> {
    const exists = existsSync(path);
    for (let round = 0; round < 2; round += 1) {
      await assert.rejects(async () => store.reserve([job], request('x')), LedgerLostError);
      await assertFails(store, /Put the file back.*token-budget confirm --store sqlite:.*calls are denied/);
    }
    assert.equal(existsSync(path), exists);
  }

  /** Copies what is committed into a file of its own. */
  function copyLedger(name: string): string {
    const backup = join(directory, name);
    const copy = new DatabaseSync(path);
    copy.exec(`VACUUM INTO '${backup}'`);
    copy.close();
    return backup;
  }

  function removeLedger(): void {
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  }

  it('deleted while it is used: is denied until it is put back, and reported once', async () => {
    await makeLedger();
    const reports: string[] = [];
    const store = new SqliteStore(path, { onLost: (what) => reports.push(what) });
    stores.push(store);
    await store.charge([job], tokens(5));
    const backup = copyLedger('backup.db');
    removeLedger();
    await assertLost(store);
    assert.equal(reports.length, 1);
    assert.match(reports[0] ?? '', /was deleted, moved or replaced/);
    renameSync(backup, path);
    await assertBalances(store, job, { settled: { ...tokens(10), calls: 2 } });
    await store.charge([job], tokens(1));
  });

  it('deleted while it is used: a new one is denied until an operator confirms it', async () => {
    await makeLedger();
    const store = open();
    await store.reserve([job], request('open'));
    removeLedger();
    const other = open();
    await other.charge([job], tokens(1));
    await assertLost(store);
    assert.equal(await other.confirm(), true);
    await assertBalances(store, job, { settled: tokens(1) });
    // What is open in the file that is gone is charged to the one that was accepted.
    assert.equal(await store.settle('open', tokens(30)), true);
    await assertBalances(store, job, { settled: { ...tokens(31), calls: 2 } });
    assert.ok((await store.reserve([job], request('x'))).admitted);
  });

  it('replaced by an older copy: is denied until the last one is put back, or an operator confirms it', async () => {
    await makeLedger();
    const store = open();
    await store.charge([job], tokens(5));
    const older = copyLedger('older.db');
    await store.charge([job], tokens(5));
    await store.balances(job);
    const latest = copyLedger('latest.db');
    removeLedger();
    copyFileSync(older, path);
    await assertLost(store);
    removeLedger();
    copyFileSync(latest, path);
    await assertBalances(store, job, { settled: { ...tokens(15), calls: 3 } });
    removeLedger();
    copyFileSync(older, path);
    await assertLost(store);
    await open().confirm();
    await assertBalances(store, job, { settled: { ...tokens(10), calls: 2 } });
  });

  it('its -wal file deleted while it is used: is noticed, and what was in it is kept', async () => {
    const store = open();
    await store.charge([job], tokens(5));
    await store.balances(job);
    rmSync(`${path}-wal`);
    await eventually('it is noticed', async () => {
      await assert.rejects(async () => store.balances(job), LedgerLostError);
      return true;
    });
    // Closed by that, the file has got what was in its log.
    await assertBalances(store, job, { settled: tokens(5) });
    assert.ok((await store.reserve([job], request('x'))).admitted);
  });

  it('locked by another process: rejects after the timeout without blocking the event loop, and works again', async () => {
    await makeLedger();
    const holder = startNode({
      args: ['--no-warnings', '--input-type=module', '--eval', HOLDER],
      env: { LEDGER: path },
    });
    await holder.waitForOutput(/locked/);
    const store = open(path, 300);
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    }, 5);
    const started = performance.now();
    const answers = await Promise.allSettled([
      store.charge([job], tokens(1)),
      store.reserve([job], request('a')),
      store.settle('a', tokens(1)),
    ]);
    const waited = performance.now() - started;
    clearInterval(ticking);
    for (const answer of answers) {
      assert.ok(answer.status === 'rejected' && answer.reason instanceof StoreError);
      assert.match(answer.reason.message, /ledger\.db was locked for more than 300 ms/);
    }
    assert.ok(waited >= 300 && waited < 3_000, `${waited} ms`);
    assert.ok(turns >= 5, `${turns} turns`);
    // Reading is possible meanwhile.
    await assertBalances(store, job, { settled: tokens(5) });
    const later = store.charge([job], tokens(1));
    holder.child.kill('SIGKILL');
    await later;
    await holder.result;
    assert.ok((await store.reserve([job], request('a'))).admitted);
    assert.equal(await store.settle('a', tokens(1)), true);
    await assertBalances(store, job, { settled: { ...tokens(7), calls: 3 } });
  });

  it('closed while calls wait: they are answered first', async () => {
    await makeLedger();
    const blocker = new DatabaseSync(path);
    blocker.exec('BEGIN IMMEDIATE');
    const store = open(path, 5_000);
    const charged = store.charge([job], tokens(1));
    const closed = store.close();
    // Neither ends while the file is locked, however often they retry.
    const first = await Promise.race([charged, closed, sleep(30, 'the lock')]);
    assert.equal(first, 'the lock');
    blocker.exec('COMMIT');
    blocker.close();
    await Promise.all([charged, closed]);
    await assertBalances(open(), job, { settled: { ...tokens(6), calls: 2 } });
  });

  it('read-only: says so, and keeps what is there', async (context) => {
    await makeLedger();
    chmodSync(directory, 0o755);
    chmodSync(path, 0o444);
    // Root may write everything, so the child changes its user once it has loaded the package.
    const env = { LEDGER: path, BECOME: process.getuid?.() === 0 ? '65534' : '' };
    const { code, stdout, stderr } = await runNode({ args: ['--input-type=module', '--eval', READER], env });
    if (stderr.includes('EPERM')) return context.skip('this user may not become another');
    assert.deepEqual([code, stderr], [0, '']);
    const answers = stdout.trim().split('\n');
    assert.equal(answers.length, 2);
    for (const answer of answers) {
      assert.match(answer, /^StoreSetupError: The ledger .*ledger\.db cannot be (written|opened).*this user/);
    }
    chmodSync(path, 0o600);
    await assertBalances(open(), job, { settled: tokens(5) });
  });
});

/** Locks the file until it is killed. */
const HOLDER = `
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(process.env.LEDGER);
  database.exec('BEGIN EXCLUSIVE');
  console.log('locked');
  setInterval(() => database.isOpen, 1_000);`;

/** Tries to read and to write as a user who may not write. */
const READER = `
  const { SqliteStore } = await import('./src/stores/sqlite/sqlite-store.ts');
  if (process.env.BECOME) {
    process.setgid(Number(process.env.BECOME));
    process.setuid(Number(process.env.BECOME));
  }
  const store = new SqliteStore(process.env.LEDGER);
  const budget = { name: 'job', limits: {}, mode: 'observe', maxShare: 1, minOutputTokens: 1 };
  for (const call of [() => store.charge([budget], { costNanoUsd: 1, tokens: 1, calls: 1 }), () => store.release('a')]) {
    await Promise.resolve(call()).then(() => console.log('written'), (error) => console.log(String(error)));
  }`;
