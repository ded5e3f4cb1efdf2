export { RedisConnection } from './connection.ts';
export { RedisStore } from './redis-store.ts';
