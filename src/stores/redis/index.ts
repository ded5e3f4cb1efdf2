export { RedisStore, type RedisStoreOptions } from './redis-store.ts';
export { RedisConnection } from './server/index.ts';
