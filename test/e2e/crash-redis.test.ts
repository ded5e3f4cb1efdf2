import { RedisStore } from '../../src/store/redis.ts';
import { crashRounds } from '../support/crash-rounds.ts';
import { REDIS_MISSING, startRedisServer } from '../support/redis-server.ts';

crashRounds(
  'Redis',
  async () => {
    const server = await startRedisServer();
    return {
      setting: server.url,
      open: () => new RedisStore({ url: server.url }),
      close: () => server.close(),
    };
  },
  REDIS_MISSING,
);
