import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { StoreError } from '../../budget/index.ts';
import { loadEntryModule } from '../../util/index.ts';
import type * as Sqlite from '../sqlite/index.ts';
import type { StoreKind } from './store-kind.ts';

/** A ledger in a file. */
export interface SqliteUrl {
  readonly kind: 'sqlite';
  /** Of the file; a relative one is relative to the working directory. */
  readonly path: string;
}

/** `sqlite:PATH` */
export const sqliteKind: StoreKind<SqliteUrl> = {
  kind: 'sqlite',
  syntax: 'sqlite:PATH',
  isShared: true,

  parseUrl: (text) => {
    const path = /^sqlite:(.+)$/.exec(text)?.[1];
    return path === undefined ? undefined : { kind: 'sqlite', path };
  },

  check: ({ path }) => loadSqlite().checkLedgerFile(path),

  openStore: ({ path }, { waitMs, onLost }) => openFile(path, waitMs, onLost),

  openLedger: ({ path }, waitMs, create) => {
    if (!create && statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
      throw new StoreError(
        `There is no ledger ${path}. The first process that runs with TOKEN_BUDGET_STORE=sqlite:${path} creates it.`,
      );
    }
    return openFile(path, waitMs);
  },

  journalDirectory: ({ path }) => `${resolve(path)}.owed`,
};

function openFile(path: string, busyTimeoutMs: number, onLost?: (what: string) => void): Sqlite.SqliteStore {
  const { SqliteStore } = loadSqlite();
  return new SqliteStore(path, { busyTimeoutMs, ...(onLost === undefined ? {} : { onLost }) });
}

function loadSqlite(): typeof Sqlite {
  return loadEntryModule('stores/sqlite/index') as typeof Sqlite;
}
