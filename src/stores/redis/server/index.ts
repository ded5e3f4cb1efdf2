export { RedisConnection } from './connection.ts';
export { ScriptRunner } from './runner.ts';
export type { ScriptParameters } from './undo-list.ts';
