import { createRequire } from 'node:module';
import type * as Sqlite from 'node:sqlite';
import { StoreError } from '../../budget/index.ts';

const require = createRequire(import.meta.url);

let loaded: typeof Sqlite | undefined;

/**
 * Node's own SQLite, loaded when it is first asked for; without the warning that Node 22 and 24 give of it.
 * @throws StoreError where this Node was built, or is run, without it
 */
export function nodeSqlite(): typeof Sqlite {
  try {
    loaded ??= withoutItsWarning(() => require('node:sqlite') as typeof Sqlite);
    return loaded;
  } catch (error) {
    throw new StoreError(
      'This Node has no node:sqlite: run it without --no-experimental-sqlite, or keep the ledger in Redis or in memory.',
      error,
    );
  }
}

/** Holds back Node's word on the experimental SQLite while `load` runs, and no other warning. */
function withoutItsWarning<T>(load: () => T): T {
  const { emitWarning } = process;
  const filtered = (...given: unknown[]): void => {
    if (!isSqliteWarning(given)) Reflect.apply(emitWarning, process, given);
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
