import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { defineBudget, type Store } from '../../src/budget/index.ts';
import { RedisStore } from '../../src/stores/redis/redis-store.ts';
import { SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { ownExchanges } from '../exchanges/index.ts';
import { makeAppDir } from '../support/app-dir.ts';
import { eventually } from '../support/eventually.ts';
import { REDIS_MISSING, startRedisServer } from '../support/redis-server.ts';
import { startReplayServer } from '../support/replay-server.ts';
import { registerPath, runNode } from '../support/run-node.ts';
import { startSlowProxy } from '../support/slow-proxy.ts';
import { runSpenders, type SpendersOptions } from '../support/spenders.ts';

const directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-busy-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** Spends a budget with everything else at its default, and checks the ledger against the bill of the service. */
async function spend(
  store: Store,
  costUsd: number,
  config: object,
  options: Partial<SpendersOptions>,
): Promise<{ readonly billed: number; readonly outputs: readonly string[] }> {
  const spent = await runSpenders({
    seed: 1,
    processes: 1,
    workers: 20,
    kills: 0,
    maxCalls: 5,
    config: { name: 'shared', limits: { costUsd }, ...config },
    ...options,
  });
  const budget = defineBudget({ name: 'shared', limits: { costUsd } });
  const { settled } = await eventually('the ledger is at rest', async () => {
    const balances = await store.balances(budget);
    return balances.open === 0 && balances;
  });
  await store.close();
  const limit = Math.round(costUsd * 1e9);
  assert.equal(spent.stderr, '');
  assert.ok(spent.billed <= limit, `billed ${spent.billed} of ${limit}: ${spent.outputs}`);
  assert.equal(settled.costNanoUsd, spent.billed, `the ledger and the bill; ${spent.outputs}`);
  assert.ok(spent.billed > limit / 2, `spent ${spent.billed} of ${limit}: ${spent.outputs}`);
  return spent;
}

/** A call whose first attempt may have been billed, one that the budget cannot pay for in full, and usage that is recorded. */
const CLAMPED_AND_REPEATED = `
import OpenAI from 'openai';
let attempts = 0;
const client = new OpenAI({
  apiKey: 'sk-test', baseURL: process.env.REPLAY_URL + '/v1', maxRetries: 1,
  fetch: (...args) => (++attempts === 1 ? Promise.resolve(new Response('{}', { status: 502 })) : fetch(...args)),
});
const ask = (max_tokens) => client.chat.completions.create(
  { model: 'gpt-4o-mini', max_tokens, messages: [{ role: 'user', content: 'hi' }] },
  { headers: { 'x-replay-id': 'chat-plain' } },
);
await ask(50);
console.log('repeated');
await ask(16_000);
console.log('clamped');
const { tracker } = globalThis[Symbol.for('otel-token-budget.preloaded')];
await tracker.recordUsage({ model: 'gpt-4o-mini', usage: { input: 10, output: 5 } });
console.log('recorded');
`;

describe('a store that answers late is waited for', { concurrency: 1 }, () => {
  test('SQLite, with 20 processes that start together', async () => {
    const path = join(directory, 'together.db');
    await spend(new SqliteStore(path), 0.1, { store: `sqlite:${path}` }, { processes: 20, maxCalls: 3 });
  });

  test('SQLite, whose file another program locks for a second at a time', async () => {
    const path = join(directory, 'locked.db');
    const store = new SqliteStore(path);
    await store.balances(defineBudget({ name: 'shared', limits: { costUsd: 0.1 } }));
    const { DatabaseSync } = await import('node:sqlite');
    const holder = new DatabaseSync(path, { timeout: 5_000 });
    const lock = async (): Promise<void> => {
      for (let times = 0; times < 3; times += 1) {
        holder.exec('BEGIN IMMEDIATE');
        await new Promise((done) => setTimeout(done, 1_000));
        holder.exec('COMMIT');
        await new Promise((done) => setTimeout(done, 20));
      }
      holder.close();
    };
    await spend(store, 0.1, { store: `sqlite:${path}` }, { processes: 3, meanwhile: lock });
  });

  test('Redis that is far away, by a program that has nothing else to do', {
    skip: REDIS_MISSING,
  }, async () => {
    const redis = await startRedisServer({ appendonly: true });
    const proxy = await startSlowProxy(redis.port, 400);
    const app = makeAppDir();
    const server = await startReplayServer({ exchanges: ownExchanges });
    try {
      app.write('app.mjs', CLAMPED_AND_REPEATED);
      const { code, stdout, stderr } = await runNode({
        args: ['--require', registerPath, 'app.mjs'],
        cwd: app.path,
        env: {
          REPLAY_URL: server.url,
          TOKEN_BUDGET_TOKENS: '9000',
          TOKEN_BUDGET_STORE: `redis://127.0.0.1:${proxy.port}`,
          OTEL_SDK_DISABLED: 'true',
        },
      });
      assert.deepEqual([code, stdout, stderr], [0, 'repeated\nclamped\nrecorded\n', '']);
    } finally {
      await Promise.all([server.close(), proxy.close(), redis.close()]);
      app.remove();
    }
  });

  for (const localQuota of [false, true]) {
    const quotas = localQuota ? 'with local quotas' : 'without local quotas';

    test(`Redis in another region, ${quotas}`, { skip: REDIS_MISSING }, async () => {
      const redis = await startRedisServer({ appendonly: true });
      const proxy = await startSlowProxy(redis.port, 140);
      try {
        const config = { store: `redis://127.0.0.1:${proxy.port}`, localQuota };
        await spend(new RedisStore({ url: redis.url }), 0.03, config, { workers: 100 });
      } finally {
        await Promise.all([proxy.close(), redis.close()]);
      }
    });

    test(`Redis, whose connections are cut meanwhile, ${quotas}`, { skip: REDIS_MISSING }, async () => {
      const redis = await startRedisServer({ appendonly: true });
      const proxy = await startSlowProxy(redis.port, 20);
      const cut = async (): Promise<void> => {
        for (let times = 0; times < 10; times += 1) {
          proxy.cut();
          await new Promise((done) => setTimeout(done, 100));
        }
      };
      try {
        const config = { store: `redis://127.0.0.1:${proxy.port}`, localQuota };
        await spend(new RedisStore({ url: redis.url }), 0.1, config, { processes: 2, meanwhile: cut });
      } finally {
        await Promise.all([proxy.close(), redis.close()]);
      }
    });

    for (const blockMs of [300, 1_000]) {
      test(`Redis, from a host that blocks its event loop for ${blockMs} ms at a time, ${quotas}`, {
        skip: REDIS_MISSING,
      }, async () => {
        const redis = await startRedisServer({ appendonly: true });
        try {
          const config = { store: redis.url, localQuota };
          const env = { BLOCK_MS: String(blockMs), BLOCK_TIMES: '10' };
          await spend(new RedisStore({ url: redis.url }), 0.02, config, { workers: 100, env });
        } finally {
          await redis.close();
        }
      });
    }
  }
});
