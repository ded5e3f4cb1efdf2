import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { defineBudget } from '../../src/budget/index.ts';
import { RedisStore } from '../../src/stores/redis/redis-store.ts';
import { eventually } from '../support/eventually.ts';
import { listen } from '../support/http.ts';
import { REDIS_MISSING, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import type { ReplayServer } from '../support/replay-server.ts';
import { runScript } from '../support/script-run.ts';

const ENFORCED_AGAIN = /the store is available again, and limits are enforced\n$|^$/;

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

  test('stops the calls of a strict budget by default, and is told of', async () => {
    const { printed, server, otlp, spans, code, stderr } = await runScript({
      script: `${TRY} print(await attempt()); print(await attempt());`,
      config: away,
    });
    const denied = { outcome: 'token_budget_store_unavailable', quick: true };
    assert.deepEqual(printed, [denied, denied]);
    assert.equal(server.account.length, 0);
    assert.equal(code, 0);
    assert.match(
      stderr,
      /^otel-token-budget: the store is unavailable \(.*\): calls that need it are denied, after a wait, until it is available again\n$/,
    );
    assert.equal(spans[0]?.attributes['error.type'], 'token_budget_store_unavailable');
    const events = otlp.logs().filter(({ eventName }) => eventName === 'token_budget.store_unavailable');
    assert.equal(events.length, 1);
    assert.equal(events[0]?.attributes['token_budget.failure_policy'], 'closed');
    assert.ok(
      otlp.metrics().some(({ name, value }) => name === 'token_budget.store.failures' && value === 1),
    );
  });

  for (const how of [{ failurePolicy: 'open' }, { mode: 'soft' }]) {
    test(`does not stop calls with ${JSON.stringify(how)}, and stderr says so`, async () => {
      const { printed, server, otlp, stderr } = await runScript({
        script: `${TRY} print(await attempt()); print(await attempt());`,
        config: { ...away, ...how },
      });
      const sent = { outcome: 'sent', quick: true };
      assert.deepEqual(printed, [sent, sent]);
      assert.equal(server.account.length, 2);
      assert.match(
        stderr,
        /^otel-token-budget: the store is unavailable \(.*\): calls are sent, and no limit is enforced until it is available again\n$/,
      );
      const events = otlp.logs().filter(({ eventName }) => eventName === 'token_budget.store_unavailable');
      assert.equal(events[0]?.attributes['token_budget.failure_policy'], 'open');
    });
  }
});

// A local quota whose lease ends while Redis is unavailable is charged in full, so its lease is longer than that.
const OUTAGES = [
  { localQuota: false, leaseMs: 1_000, failurePolicy: 'open', storeWaitMs: 300 },
  { localQuota: true, leaseMs: 60_000, failurePolicy: 'open', storeWaitMs: 300 },
] as const;

for (const outage of OUTAGES) {
  test(`an outage of Redis stops no call, and the ledger has each once: ${JSON.stringify(outage)}`, {
    skip: REDIS_MISSING,
  }, async () => {
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
          ...outage,
          limits: { tokens: 10_000_000 },
        },
        env: { REDIS_CONTROL: control.url },
      });
      const [failed, calls, status] = printed as [number, number, Status];
      assert.equal(failed, 0);
      assert.match(stderr, ENFORCED_AGAIN);
      assert.equal(server.account.length, calls);
      // Every call is in the ledger once. One whose settlement was lost on the way is there at its whole reservation.
      assert.equal(status.balances.settled.calls, calls);
      assert.equal(status.balances.open, 0);
    } finally {
      await Promise.all([redis.close(), control.close()]);
    }
  });
}

for (const localQuota of [false, true]) {
  test(`calls of a strict budget wait for a Redis that restarts, ${localQuota ? 'with' : 'without'} local quotas`, {
    skip: REDIS_MISSING,
  }, async () => {
    const redis = await startRedisServer({ appendonly: true });
    const control = await startControl(redis);
    try {
      const { printed, server, stderr } = await runScript({
        script: `${TRY}
        const restart = async () => {
          await fetch(process.env.REDIS_CONTROL + '/kill');
          await new Promise((done) => setTimeout(done, 500));
          await fetch(process.env.REDIS_CONTROL + '/restart');
        };
        // A store that has never answered is reported sooner.
        const outcomes = [(await attempt()).outcome];
        for (let times = 0; times < 2; times += 1) {
          const restarted = restart();
          for (let n = 0; n < 30; n += 1) outcomes.push((await attempt()).outcome);
          await restarted;
        }
        print(outcomes.filter((one) => one !== 'sent').length);
        print(outcomes.length);`,
        config: { name: 'patient', store: redis.url, localQuota, limits: { tokens: 10_000_000 } },
        env: { REDIS_CONTROL: control.url },
      });
      const [failed, calls] = printed;
      assert.deepEqual([failed, server.account.length, stderr], [0, calls, '']);
      const store = new RedisStore({ url: redis.url });
      const settled = await eventually('all is settled', async () => {
        const balances = await store.balances(defineBudget({ name: 'patient', limits: { tokens: 1 } }));
        return balances.open === 0 && balances.settled;
      });
      await store.close();
      assert.deepEqual([settled.calls, settled.tokens], [calls, totalTokens(server)]);
    } finally {
      await Promise.all([redis.close(), control.close()]);
    }
  });
}

test('a process that ends during an outage owes what it spent, and the next one books it', {
  skip: REDIS_MISSING,
}, async () => {
  const redis = await startRedisServer({ appendonly: true });
  const control = await startControl(redis);
  try {
    const config = {
      name: 'owed',
      store: redis.url,
      failurePolicy: 'open',
      storeWaitMs: 300,
      localQuota: false,
      limits: { tokens: 100_000 },
    };
    const cut = await runScript({
      // The last call is not answered before the process is killed.
      script: `${TRY}
      await fetch(process.env.REDIS_CONTROL + '/kill');
      for (let call = 0; call < 3; call += 1) print((await attempt()).outcome);
      void client.chat.completions.create({ ...CHAT, max_tokens: 500 }, replay('chat-plain', { delayMs: 60_000 }));
      await new Promise((done) => setTimeout(done, 500));
      process.kill(process.pid, 'SIGKILL');`,
      config,
      env: { REDIS_CONTROL: control.url },
    });
    assert.deepEqual(cut.printed, ['sent', 'sent', 'sent']);
    await redis.restart({ withData: true });
    const next = await runScript({
      script: `${TRY}
      print((await attempt()).outcome);
      for (let tries = 0; tries < 50 && (await budget().status()).balances.settled.calls < 5; tries += 1)
        await new Promise((done) => setTimeout(done, 100));
      print((await budget().status()).balances.settled);`,
      config,
    });
    const billed = totalTokens(cut.server) + totalTokens(next.server);
    const [outcome, settled] = next.printed as [string, Status['balances']['settled']];
    assert.equal(outcome, 'sent');
    assert.equal(settled.calls, 5);
    // The call that was cut is charged its worst case: 500 tokens of output, and its input at most.
    assert.ok(
      settled.tokens >= billed + 500 && settled.tokens < billed + 1_000,
      `${settled.tokens} ${billed}`,
    );
  } finally {
    await Promise.all([redis.close(), control.close()]);
  }
});

/** The tokens of the calls that were answered. */
function totalTokens({ account }: ReplayServer): number {
  return account.reduce(
    (sum, { billed }) => sum + (billed === undefined ? 0 : billed.input + billed.output),
    0,
  );
}
