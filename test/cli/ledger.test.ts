import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { defineBudget, type Store } from '../../src/budget/index.ts';
import { RedisStore } from '../../src/stores/redis/redis-store.ts';
import { SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { admittedOf, deniedOf, request } from '../stores/contract-support.ts';
import { REDIS_MISSING, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { command, testDirectory } from './command.ts';

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

  it('shows budgets as they stand', async () => {
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
    assert.deepEqual([three.window, three.endsAt - three.startedAt], [team.window, 86_400_000]);
  });

  it('shows them as a table for people, without colours where there is no terminal', async () => {
    const { stdout, stderr, code } = await ask(['status', 'job', 'seen']);
    assert.deepEqual([stderr, code], ['', 0]);
    const lines = stdout.split('\n');
    assert.match(lines[0] ?? '', /^BUDGET +LIMIT +SPENT +HELD +LEFT +USED +CALLS/);
    assert.match(lines[1] ?? '', /^job +\$2\.00 +\$1\.2346 +\$0\.0000 +\$0\.7654 +█{6}░{4} {2}61 % +12$/);
    assert.match(lines[2] ?? '', /^ +1,000 tokens +950 +30 +20 +█{10} {2}95 %$/);
    assert.match(lines[4] ?? '', /^seen +no limit +\$0\.00/);
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
      assert.match(stdout, /\$1\.2346/);
    });
  }

  it('refuses a budget that is not there, and a limit that is not set', async () => {
    const [shown, raised, reset, unlimited] = await Promise.all([
      ask(['status', 'nobody']),
      ask(['raise', 'nobody', '--usd', '1']),
      ask(['reset', 'nobody']),
      ask(['raise', 'team', '--calls', '1']),
    ]);
    for (const { code, stderr } of [shown, raised, reset]) {
      assert.match(stderr, /there is no budget "nobody" in this ledger; .*"job", "seen", "team"/);
      assert.equal(code, 64);
    }
    assert.match(unlimited.stderr, /--calls: the budget "team" has no such limit; it has usd\./);
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
    assert.match(stdout, /^"job" is raised:\n {2}\$2\.50 \(\$0\.5000 of it granted\), \$1\.2654 left\n/);
    assert.match(stdout, / {2}1,500 tokens \(500 of it granted\), 520 left\n {2}120 min|2 h 00/);
    admittedOf(
      await store.reserve([job, team], request('more', { fixed: { costNanoUsd: 1, tokens: 300, calls: 1 } })),
    );
    await store.release('more');
    const again = await asJson(['raise', 'job', '--tokens', '1']);
    assert.deepEqual([again.limits[1].value, again.limits[1].granted], [1_501, 501]);
    const window = await ask(['raise', 'team', '--usd', '1']);
    assert.match(window.stdout, /^"team" is raised for its present window, which ends in .*:\n {2}\$21\.00/);
  });

  it('resets a budget, and leaves its parent alone', async () => {
    const { stdout } = await ask(['reset', 'job']);
    assert.match(
      stdout,
      /^"job" begins anew; until now it was charged \$1\.2346, 950 tokens and 12 calls:\n/,
    );
    assert.match(stdout, /1 open calls? (is|are) charged when/);
    await store.settle('open', { costNanoUsd: 1_000, tokens: 25, calls: 1 });
    const [one, , three] = await asJson(['status']);
    assert.deepEqual(one.settled, { costUsd: 0.000001, tokens: 25, calls: 1 });
    assert.equal(three.settled.tokens, 975);
    assert.equal(one.parent, 'team', 'an operator leaves the definition as it is');
  });

  it('reports on itself', async () => {
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

describe('a ledger in SQLite, by the command', () => {
  const { path } = testDirectory();
  ledgerTests(() => {
    const file = join(path, 'ledger.db');
    return { setting: `sqlite:${file}`, store: new SqliteStore(file) };
  });
});

describe('a ledger in Redis, by the command', { skip: REDIS_MISSING }, () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedisServer({ password: 'hush-hush' });
  });
  after(() => server.close());
  ledgerTests(() => ({ setting: server.url, store: new RedisStore({ url: server.url, timeoutMs: 5_000 }) }));

  it('keeps its password to itself', async () => {
    const { stdout } = await command(['report', server.url, '--output', '-']);
    assert.match(stdout, /redis:\/\/127\.0\.0\.1/);
    assert.ok(!stdout.includes('hush-hush'));
  });
});
