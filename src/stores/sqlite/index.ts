export type { SqliteConnection } from './connection.ts';
export { isBusy } from './failures.ts';
export { LedgerFile } from './ledger-file.ts';
export { nodeSqlite } from './node-sqlite.ts';
export { SqliteStore } from './sqlite-store.ts';
