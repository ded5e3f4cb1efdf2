import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { defineBudget } from '../../../src/budget/index.ts';
import { RedisStore } from '../../../src/stores/redis/redis-store.ts';
import { REDIS_MISSING, type RedisServer, startRedisServer } from '../../support/redis-server.ts';
import { runHolders } from '../holders.ts';

const LEASE_MS = 600;
const LIMIT = 200_000;
const job = defineBudget({ name: 'job', limits: { tokens: LIMIT } });

/**
 * As for the Redis store alone, with local quotas. Prints at its end how many calls were answered at once.
 */
const HOLDER = `
  const { RedisStore } = await import('./src/stores/redis/redis-store.ts');
  const { LocalQuotaStore } = await import('./src/stores/local-quota/local-quota-store.ts');
  const remote = new RedisStore({ url: process.env.URL, prefix: 'local-quota', timeoutMs: 5000 });
  const store = new LocalQuotaStore(remote, { leaseMs: ${LEASE_MS}, maintenanceIntervalMs: 50 });
  const job = JSON.parse(process.env.BUDGET);
  let n = 0;
  let local = 0;
  const one = async () => {
    for (;;) {
      const id = process.pid + ' ' + (n += 1);
      const fixed = { costNanoUsd: 0, tokens: 10, calls: 1 };
      const answer = store.reserve([job], {
        id, leaseMs: ${LEASE_MS}, fixed, outputPicoUsd: 0, choices: 1, outputCap: 40, capped: true,
      });
      if (!(answer instanceof Promise)) local += 1;
      const admission = await answer;
      if (!admission.admitted) return;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
      const tokens = 10 + Math.floor(Math.random() * admission.outputCap);
      console.log(tokens);
      await store.settle(id, { costNanoUsd: 0, tokens, calls: 1 });
    }
  };
  await Promise.all(Array.from({ length: 10 }, one));
  await store.close();
  console.error(JSON.stringify({ n, local }));
`;

describe('many processes with local quotas of one budget on Redis', { skip: REDIS_MISSING }, () => {
  let server: RedisServer;
  let store: RedisStore;
  before(async () => {
    server = await startRedisServer();
    store = new RedisStore({ url: server.url, prefix: 'local-quota', timeoutMs: 5_000 });
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
      processes: 4,
      kills: 1,
      killAfterLines: 200,
      leaseMs: LEASE_MS,
    });
    assert.equal(results[0]?.signal, 'SIGKILL');
    const settled = balances.settled.tokens;
    assert.ok(settled > 0.95 * LIMIT, `${settled} of ${LIMIT}`);
    // The killed process held a quota or two of 1/16 each, and some calls of 50 tokens.
    assert.ok(settled - spent <= LIMIT / 8 + 500, `${settled - spent} more than was spent`);
    for (const { stderr, code } of results.slice(1)) {
      assert.equal(code, 0, stderr);
      const { n, local } = JSON.parse(stderr) as { n: number; local: number };
      assert.ok(local > n / 2, `${local} of ${n} calls were answered at once`);
    }
  });
});
