export type { RedisStoreOptions } from './options.ts';
export { RedisStore } from './redis-store.ts';
export { checkRedis, checkRedisUrl, RedisConnection } from './server/index.ts';
