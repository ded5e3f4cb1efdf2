export { checkLedgerFile } from './check-file.ts';
export type { SqliteConnection } from './connection.ts';
export { isBusy } from './failures.ts';
export { LedgerFile } from './ledger-file.ts';
export { loadNodeSqlite } from './node-sqlite.ts';
export { SqliteStore } from './sqlite-store.ts';
