export { checkRedis, checkRedisUrl } from './check-url.ts';
export { RedisConnection } from './connection.ts';
export { type ScriptRun, ScriptRunner } from './runner.ts';
export type { ScriptParameters } from './undo-list.ts';
