import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  type Amounts,
  defineBudget,
  NOTHING,
  type ReserveRequest,
  type SettledBalances,
  StoreError,
} from '../../../src/budget/index.ts';
import { RedisStore } from '../../../src/stores/redis/redis-store.ts';
import { eventually } from '../../support/eventually.ts';
import { REDIS_MISSING, type RedisServer, startRedisServer } from '../../support/redis-server.ts';
import { runNode } from '../../support/run-node.ts';

const job = defineBudget({ name: 'job', limits: { tokens: 1_000 } });
const team = defineBudget({ name: 'team {of} ten: all', limits: { tokens: 5_000 } });

function request(id: string, given: Partial<ReserveRequest> = {}): ReserveRequest {
  const fixed = { costNanoUsd: 7, tokens: 10, calls: 1 };
  return { id, leaseMs: 60_000, fixed, outputPicoUsd: 0, choices: 1, outputCap: 50, capped: true, ...given };
}

function tokens(count: number): Amounts {
  return { costNanoUsd: 0, tokens: count, calls: 1 };
}

describe('the Redis store', { skip: REDIS_MISSING }, () => {
  let server: RedisServer;
  let prefixes = 0;
  const stores: RedisStore[] = [];
  before(async () => {
    server = await startRedisServer();
  });
  after(async () => {
    for (const store of stores) await store.close();
    await server.close();
  });

  /** A store with keys of its own, or those of another. */
  function open(given: { prefix?: string; now?: () => number } = {}): RedisStore {
    prefixes += 1;
    const store = new RedisStore({ url: server.url, prefix: `test ${prefixes}`, timeoutMs: 2_000, ...given });
    stores.push(store);
    return store;
  }

  it('reserves on all budgets, settles once, and charges what was used', async () => {
    const store = open();
    assert.ok((await store.reserve([job, team], request('a'))).admitted);
    for (const budget of [job, team]) {
      const { settled, reserved, open: calls } = await store.balances(budget);
      assert.deepEqual([settled, reserved, calls], [NOTHING, { costNanoUsd: 7, tokens: 60, calls: 1 }, 1]);
    }
    assert.deepEqual(
      [await store.settle('a', tokens(33)), await store.settle('a', tokens(33))],
      [true, false],
    );
    for (const budget of [job, team]) {
      const { settled, reserved, open: calls } = await store.balances(budget);
      assert.deepEqual([settled, reserved, calls], [tokens(33), NOTHING, 0]);
    }
    assert.equal(await store.release('unknown'), false);
  });

  it('reports the balances of the chain with a settlement', async () => {
    const store = open();
    await store.reserve([job, team], request('a'));
    await store.reserve([team], request('b'));
    const seen: SettledBalances = new Map();
    await store.settle('a', tokens(33), seen);
    assert.deepEqual(
      [...seen],
      [
        [job.name, await store.balances(job)],
        [team.name, await store.balances(team)],
      ],
    );
    const again: SettledBalances = new Map();
    await store.settle('a', tokens(33), again);
    assert.equal(again.size, 0);
  });

  it('lets another process settle, and reserve a released id again', async () => {
    const one = open({ prefix: 'two processes' });
    const other = open({ prefix: 'two processes' });
    await one.reserve([job], request('a'));
    await assert.rejects(async () => other.reserve([job], request('a')), StoreError);
    assert.equal(await other.release('a'), true);
    assert.ok((await one.reserve([job], request('a'))).admitted);
    assert.equal(await other.settle('a', tokens(5)), true);
    assert.deepEqual((await one.balances(job)).settled, tokens(5));
  });

  it('grows a reservation as far as every strict budget can pay for it', async () => {
    const store = open();
    await store.reserve([job, team], request('a'));
    assert.equal(await store.grow([job, team], 'a', tokens(940)), true);
    assert.equal(await store.grow([job, team], 'a', tokens(1)), false);
    assert.equal(await store.grow([job, team], 'unknown', tokens(1)), false);
    assert.equal((await store.balances(team)).reserved.tokens, 1_000);
    await store.settle('a', tokens(1_000));
    assert.deepEqual((await store.balances(team)).reserved, NOTHING);
  });

  it('charges what a dead holder had reserved in full after its lease, and nothing twice', async () => {
    const store = open();
    await store.reserve([job, team], request('dies', { leaseMs: 500 }));
    await store.reserve([job], request('lives', { leaseMs: 500 }));
    await store.heartbeat(['lives'], 60_000);
    const held = { costNanoUsd: 7, tokens: 60, calls: 1 };
    await eventually('the lease of the dead is over', async () => {
      const { settled, reserved, open: calls } = await store.balances(job);
      assert.deepEqual([settled, reserved, calls], [held, held, 1]);
      return true;
    });
    assert.deepEqual((await store.balances(team)).settled, held);
    assert.equal(await store.settle('dies', tokens(1)), false);
    assert.equal(await store.settle('lives', tokens(1)), true);
    await store.heartbeat(['dies', 'lives', 'unknown'], 60);
    assert.equal((await store.balances(job)).open, 0);
  });

  it('ends more leases at once than one script can', async () => {
    const store = open();
    const wide = defineBudget({ name: 'wide', limits: { calls: 2_000 } });
    await Promise.all(
      Array.from({ length: 900 }, (_, index) => store.reserve([wide], request(`c${index}`, { leaseMs: 1 }))),
    );
    await eventually('all leases are over', async () => {
      const { settled, open: calls } = await store.balances(wide);
      assert.deepEqual([settled.calls, calls], [900, 0]);
      return true;
    });
  });

  it("uses the server's window, whatever the client's clock shows", async () => {
    const hour = defineBudget({
      name: 'hourly',
      limits: { tokens: 500 },
      window: { per: 'hour', timeZone: 'UTC' },
    });
    let wrong = -30 * 86_400_000;
    const store = open({ prefix: 'windows', now: () => Date.now() + wrong });
    const right = open({ prefix: 'windows' });
    await store.charge([hour], tokens(1));
    wrong = 3 * 3_600_000;
    assert.ok((await store.reserve([hour], request('a'))).admitted);
    wrong = -7 * 3_600_000;
    assert.equal((await store.balances(hour)).open, 1);
    const { settled, startedAt } = await right.balances(hour);
    assert.deepEqual(settled, tokens(1));
    assert.equal(startedAt, Math.floor(Date.now() / 3_600_000) * 3_600_000);
    assert.ok(Math.abs(store.now() - Date.now()) < 1_000);
  });

  it('forgets a window some time after its end, but not while a reservation is open', async () => {
    const daily = defineBudget({ name: 'd', limits: {}, window: { per: 'day', timeZone: 'Asia/Kolkata' } });
    const store = open({ prefix: 'forgets' });
    const ttl = async (): Promise<number> => {
      const [key] = (await server.command('KEYS', '{forgets}:account:day:*')) as string[];
      return Number(await server.command('PTTL', key ?? ''));
    };
    await store.balances(daily);
    const day = 86_400_000;
    const unused = await ttl();
    assert.ok(unused > day && unused <= 2 * day, String(unused));
    await store.reserve([daily], request('a'));
    assert.equal(await ttl(), -1);
    await store.settle('a', tokens(1));
    assert.ok((await ttl()) > day);
  });

  it('works after the server has lost its scripts', async () => {
    const store = open();
    for (const id of ['a', 'b']) {
      assert.ok((await store.reserve([job], request(id))).admitted);
      await server.command('SCRIPT', 'FLUSH');
      assert.equal(await store.settle(id, tokens(1)), true);
      await server.command('SCRIPT', 'FLUSH');
    }
    assert.equal((await store.balances(job)).settled.tokens, 2);
  });

  it('keeps all keys of a prefix in one slot of a cluster', async () => {
    const store = open({ prefix: 'slots' });
    await store.reserve([job, team], request('a'));
    await store.charge([team], tokens(1));
    const keys = (await server.command('KEYS', '{slots}:*')) as string[];
    assert.equal(keys.length, 8, keys.join());
    const slots = await Promise.all(
      keys.map((key) => server.command('CLUSTER', 'KEYSLOT', key).catch(() => slotOf(key))),
    );
    assert.equal(new Set(slots).size, 1);
    assert.throws(() => new RedisStore({ url: server.url, prefix: 'a{b}' }), RangeError);
  });

  it('holds integers exactly up to 2^53', async () => {
    const store = open();
    const vast = defineBudget({ name: 'vast', limits: {}, mode: 'observe' });
    const most = { costNanoUsd: Number.MAX_SAFE_INTEGER - 1, tokens: Number.MAX_SAFE_INTEGER - 1, calls: 0 };
    await store.charge([vast], most);
    await store.charge([vast], { costNanoUsd: 1, tokens: 1, calls: 0 });
    const { settled } = await store.balances(vast);
    assert.deepEqual(
      [settled.costNanoUsd, settled.tokens],
      [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    );
    await assert.rejects(async () => store.charge([vast], tokens(0.5)), RangeError);
  });

  it('does not keep a process alive, except while it waits for an answer', async () => {
    const script = `
      const { RedisStore } = await import('./src/stores/redis/redis-store.ts');
      const store = new RedisStore({ url: process.env.URL, prefix: 'alive', timeoutMs: 2000 });
      const budget = { name: 'b', limits: {}, mode: 'observe', maxShare: 1, minOutputTokens: 1 };
      await store.charge([budget], { costNanoUsd: 1, tokens: 1, calls: 1 });
      console.log(JSON.stringify((await store.balances(budget)).settled));`;
    const result = await runNode({
      args: ['--input-type=module', '--eval', script],
      env: { URL: server.url },
      timeoutMs: 20_000,
    });
    assert.deepEqual([result.code, result.stderr], [0, '']);
    assert.deepEqual(JSON.parse(result.stdout), { costNanoUsd: 1, tokens: 1, calls: 1 });
  });

  it('reports that the client is not installed', async () => {
    const script = `
      const { registerHooks } = await import('node:module');
      registerHooks({
        resolve(specifier, context, next) {
          if (specifier === 'redis') throw Object.assign(new Error('not found'), { code: 'MODULE_NOT_FOUND' });
          return next(specifier, context);
        },
      });
      const { RedisStore } = await import('./src/stores/redis/redis-store.ts');
      const store = new RedisStore({ url: process.env.URL });
      const budget = { name: 'b', limits: {}, mode: 'observe', maxShare: 1, minOutputTokens: 1 };
      await store.balances(budget).catch((error) => console.log(error.name + ': ' + error.message));`;
    const { stdout, stderr } = await runNode({
      args: ['--input-type=module', '--eval', script],
      env: { URL: server.url },
    });
    assert.match(
      stdout,
      /^StoreSetupError: A Redis store needs the package "redis".*npm install redis/,
      stderr,
    );
  });

  it('rejects after it was closed', async () => {
    const store = open();
    await store.balances(job);
    await store.close();
    await assert.rejects(async () => store.balances(job), StoreError);
  });
});

/** The slot of a key by the cluster specification: CRC16 (XMODEM) of its hash tag, modulo 16,384. */
function slotOf(key: string): number {
  const tag = /\{([^}]+)\}/.exec(key)?.[1] ?? key;
  let crc = 0;
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc % 16_384;
}
