import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { defineBudget, type Store } from '../../src/budget/index.ts';
import { RedisStore } from '../../src/stores/redis/redis-store.ts';
import { SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { admittedOf, deniedOf, request } from '../stores/contract-support.ts';
import { REDIS_MISSING, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { command, testDirectory } from './run-cli.ts';

const team = defineBudget({ name: 'team', limits: { costUsd: 20 }, window: { per: 'day', timeZone: 'UTC' } });
const job = defineBudget({ name: 'job', limits: { costUsd: 2, tokens: 1_000, minutes: 90 }, parent: team });
const observed = defineBudget({ name: 'seen', limits: {}, mode: 'observe' });

const USED = { costNanoUsd: 1_234_567_890, tokens: 950, calls: 12 };

interface Opened {
  readonly setting: string;
  readonly store: Store;
}

function ledgerTests(open: () => Opened): void {
  let setting: string;
  let store: Store;
  const ask = async (args: readonly string[]) => command([...args, '--store', setting]);
  const asJson = async (args: readonly string[]) => JSON.parse((await ask([...args, '--json'])).stdout);

  before(async () => {
    ({ setting, store } = open());
    await store.charge([job, team], USED);
    await store.charge([observed], { costNanoUsd: 5, tokens: 5, calls: 1 });
    admittedOf(await store.reserve([job, team], request('open', { outputCap: 20 })));
  });
  after(() => store.close());

  it('shows the state of budgets as JSON, times in ISO 8601', async () => {
    const [one, two, three] = await asJson(['status']);
    assert.deepEqual([one.name, two.name, three.name], ['job', 'seen', 'team']);
    assert.deepEqual([one.mode, one.parent, one.open, one.endsAt], ['strict', 'team', 1, undefined]);
    assert.deepEqual(one.settled, { costUsd: 1.23456789, tokens: 950, calls: 12 });
    const [cost, tokens, minutes] = one.limits;
    assert.deepEqual(cost, {
      limit: 'costUsd',
      value: 2,
      settled: 1.23456789,
      reserved: 0.000000007,
      left: 0.765432103,
    });
    assert.deepEqual(tokens, { limit: 'tokens', value: 1_000, settled: 950, reserved: 30, left: 20 });
    assert.ok(minutes.value === 90 && minutes.left > 85 && minutes.left <= 90);
    assert.deepEqual([two.mode, two.limits, two.usedShare], ['observe', [], 0]);
    assert.deepEqual(three.window, team.window);
    assert.match(three.startedAt, /^\d{4}-\d\d-\d\dT00:00:00\.000Z$/);
    assert.equal(Date.parse(three.endsAt) - Date.parse(three.startedAt), 86_400_000);
  });

  it('shows a table, without colors if stdout is not a terminal', async () => {
    const args = ['status', 'job', 'seen', '--store', setting];
    const { stdout, stderr, code } = await command(args, { env: { COLUMNS: '100' } });
    assert.deepEqual([stderr, code], ['', 0]);
    const lines = stdout.split('\n');
    assert.match(lines[0] ?? '', /^BUDGET +LIMIT +SPENT +RESERVED +LEFT +USED +CALLS/);
    assert.match(lines[1] ?? '', /^job +\$2\.00 +\$1\.23 +\$0\.000000007 +\$0\.7654 +█{6}░{4} {2}62 % +12$/);
    assert.match(lines[2] ?? '', /^ +1,000 tokens +950 +30 +20 +█{10} {2}95 %$/);
    assert.match(lines[4] ?? '', /^seen +no limit +\$0\.000000005/);
    assert.equal(lines.length, 6);
    assert.ok(!stdout.includes('\u001b') && !stdout.includes('team'));
  });

  for (const width of [80, 40]) {
    it(`fits into ${width} columns`, async () => {
      const { stdout } = await command(['status', '--store', setting], { env: { COLUMNS: String(width) } });
      assert.deepEqual(
        stdout.split('\n').filter((line) => line.length > width),
        [],
      );
      assert.match(stdout, /\$1\.23/);
    });
  }

  it('refuses an unknown budget, and a limit that is not set', async () => {
    const [shown, raised, reset, unlimited] = await Promise.all([
      ask(['status', 'unknown']),
      ask(['raise', 'unknown', '--usd', '1']),
      ask(['reset', 'unknown']),
      ask(['raise', 'team', '--calls', '1']),
    ]);
    for (const { code, stderr } of [shown, raised, reset]) {
      assert.match(stderr, /This ledger has no budget "unknown"\. Known budgets: "job", "seen", "team"\.$/m);
      assert.equal(code, 64);
    }
    assert.match(unlimited.stderr, /--calls: the budget "team" has no such limit\. Its limits: usd\./);
    assert.equal(unlimited.code, 64);
  });

  it('raises a budget for the processes that use it', async () => {
    deniedOf(
      await store.reserve([job, team], request('more', { fixed: { costNanoUsd: 1, tokens: 300, calls: 1 } })),
    );
    const { stdout, stderr, code } = await ask([
      'raise',
      'job',
      '--tokens',
      '500',
      '--usd',
      '0.5',
      '--minutes',
      '30',
    ]);
    assert.deepEqual([stderr, code], ['', 0]);
    assert.match(stdout, /^Raised "job":\n {2}\$2\.50 \(raised by \$0\.50\), \$1\.27 left\n/);
    assert.match(stdout, / {2}1,500 tokens \(raised by 500\), 520 left\n {2}2 h 0 min \(raised by 30 min\)/);
    admittedOf(
      await store.reserve([job, team], request('more', { fixed: { costNanoUsd: 1, tokens: 300, calls: 1 } })),
    );
    await store.release('more');
    const again = await asJson(['raise', 'job', '--tokens', '1']);
    assert.deepEqual([again.limits[1].value, again.limits[1].granted], [1_501, 501]);
    const window = await ask(['raise', 'team', '--usd', '1']);
    assert.match(window.stdout, /^Raised "team" for its current window, which ends in .*:\n {2}\$21\.00/);
  });

  it('resets a budget, and leaves its parent alone', async () => {
    const { stdout } = await ask(['reset', 'job']);
    assert.match(stdout, /^Reset "job", which had spent \$1\.23, 950 tokens and 12 calls:\n/);
    assert.match(stdout, /1 open call will be charged on settlement/);
    await store.settle('open', { costNanoUsd: 1_000, tokens: 25, calls: 1 });
    const [one, , three] = await asJson(['status']);
    assert.deepEqual(one.settled, { costUsd: 0.000001, tokens: 25, calls: 1 });
    assert.equal(three.settled.tokens, 975);
    assert.equal(one.parent, 'team', 'a reset leaves the definition as it is');
  });

  it('is a source of reports', async () => {
    const { stdout } = await command(['report', setting, '--json']);
    const { spending, budgets, calls, totals } = JSON.parse(stdout);
    assert.equal(calls, undefined);
    assert.deepEqual([totals.tokens, totals.calls], [980, 14]);
    assert.deepEqual([spending.by, spending.series[0].name], ['budget', 'job']);
    const sum = spending.series[0].costUsd.reduce((total: number, one: number) => total + one, 0);
    assert.ok(Math.abs(sum - 1.23456889) < 1e-9, `${sum}: what was reset is still spent`);
    assert.deepEqual(
      budgets.map(({ name, limit }: { name: string; limit: string }) => `${name} ${limit}`),
      ['job costUsd', 'job tokens', 'job minutes', 'team costUsd'],
    );
  });
}

describe('commands on a ledger in SQLite', () => {
  const { path } = testDirectory();
  ledgerTests(() => {
    const file = join(path, 'ledger.db');
    return { setting: `sqlite:${file}`, store: new SqliteStore(file) };
  });
});

describe('commands on a ledger in Redis', { skip: REDIS_MISSING }, () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedisServer({ password: 'hush-hush' });
  });
  after(() => server.close());
  ledgerTests(() => ({ setting: server.url, store: new RedisStore({ url: server.url, timeoutMs: 5_000 }) }));

  it('does not print its password', async () => {
    const { stdout } = await command(['report', server.url, '--output', '-']);
    assert.match(stdout, /redis:\/\/127\.0\.0\.1/);
    assert.ok(!stdout.includes('hush-hush'));
  });
});
