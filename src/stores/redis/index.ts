export { RedisConnection } from './connection.ts';
export { RedisStore, type RedisStoreOptions } from './redis-store.ts';
