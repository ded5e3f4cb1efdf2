import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { listen } from '../support/http.ts';
import { REDIS_MISSING, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { runScript } from '../support/script-run.ts';

interface Status {
  readonly balances: {
    settled: { calls: number; tokens: number };
    reserved: { tokens: number };
    open: number;
  };
}

/** Lets the script kill Redis and start it again, by a request for each. */
function startControl(redis: RedisServer) {
  return listen(
    createServer(async ({ url }, response) => {
      await (url === '/kill' ? redis.kill() : redis.restart({ withData: true }));
      response.end();
    }),
  );
}

const TRY = `
const attempt = async () => {
  const from = performance.now();
  const outcome = await client.chat.completions.create({ ...CHAT, max_tokens: 50 }, replay('chat-plain')).then(() => 'sent', (error) => error.code);
  return { outcome, quick: performance.now() - from < 3_000 };
};`;

describe('a store that cannot be reached', { concurrency: 2 }, () => {
  const away = { store: 'redis://127.0.0.1:1', storeWaitMs: 200, limits: { tokens: 100_000 } };

  test('does not stop calls by default, and is told of', async () => {
    const { printed, server, otlp, code, stderr } = await runScript({
      script: `${TRY} print(await attempt()); print(await attempt());`,
      config: away,
    });
    assert.deepEqual(printed, [
      { outcome: 'sent', quick: true },
      { outcome: 'sent', quick: true },
    ]);
    assert.equal(server.account.length, 2);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    const events = otlp.logs().filter(({ eventName }) => eventName === 'token_budget.store_unavailable');
    assert.equal(events.length, 1);
    assert.equal(events[0]?.attributes['token_budget.failure_policy'], 'open');
    assert.ok(
      otlp.metrics().some(({ name, value }) => name === 'token_budget.store.failures' && value === 1),
    );
  });

  test('refuses calls where the policy is closed', async () => {
    const { printed, server, spans } = await runScript({
      script: `${TRY} print(await attempt());`,
      config: { ...away, failurePolicy: 'closed' },
    });
    assert.deepEqual(printed, [{ outcome: 'token_budget_store_unavailable', quick: true }]);
    assert.equal(server.account.length, 0);
    assert.equal(spans[0]?.attributes['error.type'], 'token_budget_store_unavailable');
  });
});

// A local quota whose lease ends while Redis is unavailable is charged in full, so its lease is longer than that.
for (const { localQuota, leaseMs } of [
  { localQuota: false, leaseMs: 1_000 },
  { localQuota: true, leaseMs: 60_000 },
]) {
  const name = `what is spent while Redis is unavailable is written afterwards, ${localQuota ? 'with' : 'without'} local quotas`;
  test(name, { skip: REDIS_MISSING }, async () => {
    const redis = await startRedisServer({ appendonly: true });
    const control = await startControl(redis);
    try {
      const { printed, server, stderr } = await runScript({
        script: `${TRY}
        const outcomes = [];
        const some = async (count) => {
          for (let n = 0; n < count; n += 1) outcomes.push((await attempt()).outcome);
        };
        // Calls continue while Redis stops, is down and starts again.
        const meanwhile = async (what) => {
          let over = false;
          const done = fetch(process.env.REDIS_CONTROL + what).finally(() => { over = true; });
          while (!over) await some(1);
          await done;
        };
        await some(20);
        await meanwhile('/kill');
        await some(20);
        await meanwhile('/restart');
        await some(20);
        print(outcomes.filter((one) => one !== 'sent').length);
        for (let n = 0; n < 80; n += 1) {
          const status = await (async () => budget().status())().catch(() => undefined);
          if (status?.balances.settled.calls >= outcomes.length) break;
          await new Promise((done) => setTimeout(done, 100));
        }
        print(outcomes.length);
        print(await budget().status());`,
        config: {
          store: redis.url,
          storeWaitMs: 300,
          localQuota,
          leaseMs,
          limits: { tokens: 10_000_000 },
        },
        env: { REDIS_CONTROL: control.url },
      });
      const [failed, calls, status] = printed as [number, number, Status];
      assert.equal(failed, 0);
      assert.equal(stderr, '');
      assert.equal(server.account.length, calls);
      // Every call is in the ledger once. One whose settlement was lost on the way is there at its whole reservation.
      assert.equal(status.balances.settled.calls, calls);
      assert.equal(status.balances.open, 0);
    } finally {
      await Promise.all([redis.close(), control.close()]);
    }
  });
}
