import { RedisStore } from '../../src/stores/redis/redis-store.ts';
import { crashRounds, type RoundStore } from '../support/crash-rounds.ts';
import { REDIS_MISSING, startRedisServer } from '../support/redis-server.ts';

async function redis(slices: boolean): Promise<RoundStore> {
  const server = await startRedisServer();
  return {
    setting: server.url,
    slices,
    open: () => new RedisStore({ url: server.url }),
    close: () => server.close(),
  };
}

crashRounds('Redis, with slices', () => redis(true), { skip: REDIS_MISSING });
crashRounds('Redis, without slices', () => redis(false), { skip: REDIS_MISSING, rounds: 5 });
