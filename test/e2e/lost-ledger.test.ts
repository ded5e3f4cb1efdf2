import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineBudget, type Store } from '../../src/budget/index.ts';
import { RedisStore } from '../../src/stores/redis/index.ts';
import { SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { eventually } from '../support/eventually.ts';
import { REDIS_MISSING, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { runSpenders } from '../support/spenders.ts';

const LIMIT_NANO_USD = 2_000_000_000;
const shared = defineBudget({ name: 'shared', limits: { costUsd: 2 } });

/** Waits until the processes have spent a fifth, by a store that is closed then and so remembers nothing. */
async function untilUnderWay(store: Store): Promise<void> {
  await eventually('the processes spend', async () => {
    const { settled } = await store.balances(shared);
    return settled.costNanoUsd > LIMIT_NANO_USD / 5;
  });
  await store.close();
}

interface Loss {
  readonly name: string;
  readonly lose: (redis: RedisServer) => Promise<unknown>;
}

const LOSSES: readonly Loss[] = [
  { name: 'flushed', lose: (redis) => redis.command('FLUSHALL') },
  { name: 'restarted without its data', lose: (redis) => redis.restart({ withData: false }) },
  {
    name: 'restarted from an older copy',
    lose: async (redis) => {
      await redis.command('SAVE');
      await sleep(150);
      await redis.restart();
    },
  },
  {
    name: 'robbed of an account by eviction',
    lose: (redis) => redis.command('DEL', '{token-budget}:account:always:shared'),
  },
];

/** Processes that spend one budget together, from a Redis that loses data meanwhile and that an operator confirms. */
async function spend(redis: RedisServer, localQuota: boolean, lose: Loss['lose']) {
  const operator = new RedisStore({ url: redis.url, timeoutMs: 5_000 });
  try {
    const spent = await runSpenders({
      seed: 11,
      processes: 3,
      workers: 12,
      kills: 0,
      config: {
        name: 'shared',
        limits: { costUsd: 2 },
        store: redis.url,
        localQuota,
        failurePolicy: 'closed',
        waitMs: 1_000,
        leaseMs: 20_000,
      },
      meanwhile: async () => {
        await untilUnderWay(new RedisStore({ url: redis.url, timeoutMs: 5_000 }));
        await lose(redis);
        // Long enough for each process to notice, and short of the time that they are given.
        await sleep(1_500);
        assert.equal(await eventually('the server is back', () => operator.confirm()), true);
      },
    });
    const { settled } = await operator.balances(shared);
    return { ...spent, settled: settled.costNanoUsd };
  } finally {
    await operator.close();
  }
}

describe('a ledger that is lost while processes spend from it', { skip: REDIS_MISSING }, () => {
  for (const { name, lose } of LOSSES) {
    for (const localQuota of [false, true]) {
      test(`a Redis ${name}, ${localQuota ? 'with' : 'without'} local quotas`, async (t) => {
        const redis = await startRedisServer();
        try {
          const { billed, settled, stderr, calls } = await spend(redis, localQuota, lose);
          t.diagnostic(`billed ${billed}, settled ${settled} of ${LIMIT_NANO_USD}; ${calls} calls`);
          assert.ok(billed <= LIMIT_NANO_USD, `billed ${billed}`);
          assert.ok(settled >= billed, `settled ${settled}, billed ${billed}`);
          assert.ok(billed > 0.5 * LIMIT_NANO_USD, `only ${billed} was spent: it did not go on`);
          assert.match(
            stderr,
            /^otel-token-budget: Redis has lost data of the ledger: .*token-budget confirm/m,
          );
        } finally {
          await redis.close();
        }
      });
    }
  }
});

test('an SQLite ledger that is deleted, and confirmed, while processes spend from it', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-lost-'));
  const path = join(directory, 'ledger.db');
  try {
    const { billed, stderr } = await runSpenders({
      seed: 12,
      processes: 3,
      workers: 12,
      kills: 0,
      config: {
        name: 'shared',
        limits: { costUsd: 2 },
        store: `sqlite:${path}`,
        leaseMs: 20_000,
      },
      meanwhile: async () => {
        await untilUnderWay(new SqliteStore(path));
        for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix);
        await sleep(500);
        assert.ok(!existsSync(path), 'no new ledger was made');
        const operator = new SqliteStore(path);
        await operator.confirm();
        await operator.charge([shared], { costNanoUsd: LIMIT_NANO_USD, tokens: 0, calls: 0 });
        await operator.close();
      },
    });
    t.diagnostic(`billed ${billed} of ${LIMIT_NANO_USD}`);
    assert.ok(billed > 0 && billed <= LIMIT_NANO_USD, `billed ${billed}`);
    assert.match(stderr, /^otel-token-budget: The ledger .* was deleted/m);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
