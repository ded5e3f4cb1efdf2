import { createRequire } from 'node:module';
import type * as Sqlite from 'node:sqlite';
import { StoreError } from '../../budget/index.ts';

const require = createRequire(import.meta.url);

let loaded: typeof Sqlite | undefined;

/**
 * Loads Node's own SQLite, without the warning that Node 22 and 24 print.
 * @throws StoreError if this Node was built, or is run, without it
 */
export function loadNodeSqlite(): typeof Sqlite {
  try {
    loaded ??= withoutSqliteWarning(() => require('node:sqlite') as typeof Sqlite);
    return loaded;
  } catch (error) {
    throw new StoreError(
      'This Node has no node:sqlite: run it without --no-experimental-sqlite, or keep the ledger in Redis or in memory.',
      error,
    );
  }
}

/** Suppresses Node's warning that SQLite is experimental while `load` runs, and no other warning. */
function withoutSqliteWarning<T>(load: () => T): T {
  const { emitWarning } = process;
  const filtered = (...args: unknown[]): void => {
    if (!isSqliteWarning(args)) Reflect.apply(emitWarning, process, args);
  };
  process.emitWarning = filtered;
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}

function isSqliteWarning([warning, type]: readonly unknown[]): boolean {
  return type === 'ExperimentalWarning' && String(warning).startsWith('SQLite is an experimental feature');
}
