import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { defineBudget } from '../../../src/budget/index.ts';
import { RedisStore } from '../../../src/stores/redis/redis-store.ts';
import { REDIS_MISSING, type RedisServer, startRedisServer } from '../../support/redis-server.ts';
import { runHolders } from '../holders.ts';

const LEASE_MS = 500;
const job = defineBudget({ name: 'job', limits: { tokens: 60_000 } });

/**
 * Reserves and settles until it is denied, with 20 calls at once; prints what it settled, a line each, before
 * the settlement is sent, so that a killed process has printed what it may have charged.
 */
const HOLDER = `
  const { RedisStore } = await import('./src/stores/redis/redis-store.ts');
  const store = new RedisStore({ url: process.env.URL, prefix: 'many', timeoutMs: 5000 });
  const job = JSON.parse(process.env.BUDGET);
  let n = 0;
  let stopped = false;
  const one = async () => {
    while (!stopped) {
      const id = process.pid + ' ' + (n += 1);
      const fixed = { costNanoUsd: 0, tokens: 10, calls: 1 };
      const answer = await store.reserve([job], {
        id, leaseMs: ${LEASE_MS}, fixed, outputPicoUsd: 0, choices: 1, outputCap: 40, capped: true,
      });
      if (!answer.admitted) return;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      const tokens = 10 + Math.floor(Math.random() * answer.outputCap);
      console.log(tokens);
      await store.settle(id, { costNanoUsd: 0, tokens, calls: 1 });
    }
  };
  await Promise.all(Array.from({ length: 20 }, one));
  await store.close();
`;

describe('many processes on one budget on Redis', { skip: REDIS_MISSING }, () => {
  let server: RedisServer;
  let store: RedisStore;
  before(async () => {
    server = await startRedisServer();
    store = new RedisStore({ url: server.url, prefix: 'many', timeoutMs: 5_000 });
  });
  after(async () => {
    await store.close();
    await server.close();
  });

  it('never exceed its limit even if killed, use it up, and leave no reservation behind', async () => {
    const { results, spent, balances } = await runHolders({
      script: HOLDER,
      url: server.url,
      store,
      budget: job,
      processes: 5,
      kills: 2,
      killAfterLines: 10,
      leaseMs: LEASE_MS,
    });
    assert.deepEqual(
      results.map(({ signal }) => signal),
      ['SIGKILL', 'SIGKILL', null, null, null],
    );
    assert.ok(balances.settled.tokens >= 57_000, `${balances.settled.tokens} of 60,000`);
    // 20 calls at most were open in each killed process, 50 tokens each.
    assert.ok(balances.settled.tokens <= spent + 2 * 20 * 50, 'and not much more');
  });
});
