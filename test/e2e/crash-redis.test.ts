import { RedisStore } from '../../src/stores/redis/redis-store.ts';
import { crashRounds, type RoundStore } from '../support/crash-rounds.ts';
import { REDIS_MISSING, startRedisServer } from '../support/redis-server.ts';

async function redis(localQuota: boolean): Promise<RoundStore> {
  const server = await startRedisServer({ args: ['--appendonly', 'yes'] });
  return {
    setting: server.url,
    localQuota,
    open: () => new RedisStore({ url: server.url }),
    close: () => server.close(),
  };
}

crashRounds('Redis, with local quotas', () => redis(true), { skip: REDIS_MISSING });
crashRounds('Redis, without local quotas', () => redis(false), { skip: REDIS_MISSING, rounds: 5 });
