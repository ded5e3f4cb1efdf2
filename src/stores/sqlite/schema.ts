import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../budget/index.ts';

/** The `lease_until` of an account whose reservations were all looked at and none of which is open. */
export const NEVER = Number.MAX_SAFE_INTEGER;

/** The version of the tables below; a file with tables of another version is not opened. */
const VERSION = 1;

/** Of a new file. A call changes some rows in two pages, and each goes into the log whole, twice. */
const PAGE_SIZE = 'PRAGMA page_size = 1024';

/** Marks the file as ours: `otkb` in ASCII. */
const APPLICATION_ID = 0x6f746b62;

/**
 * Amounts are integers: nano-USD, tokens, calls. Times are milliseconds since the epoch; `window_start` is 0 and `window_end` null
 * where a budget has no window. `definition` is what a process used the budget as last, as JSON. `spending` is what was settled, by the minute.
 */
const TABLES = `
  CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    budget TEXT NOT NULL,
    window_start INTEGER NOT NULL,
    window_end INTEGER,
    started_at INTEGER NOT NULL,
    settled_cost INTEGER NOT NULL DEFAULT 0,
    settled_tokens INTEGER NOT NULL DEFAULT 0,
    settled_calls INTEGER NOT NULL DEFAULT 0,
    reserved_cost INTEGER NOT NULL DEFAULT 0,
    reserved_tokens INTEGER NOT NULL DEFAULT 0,
    reserved_calls INTEGER NOT NULL DEFAULT 0,
    open INTEGER NOT NULL DEFAULT 0,
    definition TEXT NOT NULL,
    granted_cost INTEGER NOT NULL DEFAULT 0,
    granted_tokens INTEGER NOT NULL DEFAULT 0,
    granted_calls INTEGER NOT NULL DEFAULT 0,
    granted_ms INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER NOT NULL DEFAULT ${NEVER},
    minute INTEGER NOT NULL DEFAULT 0,
    minute_cost INTEGER NOT NULL DEFAULT 0,
    minute_tokens INTEGER NOT NULL DEFAULT 0,
    minute_calls INTEGER NOT NULL DEFAULT 0,
    UNIQUE (budget, window_start)
  ) STRICT;
  CREATE TABLE reservations (
    id TEXT NOT NULL,
    account INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    PRIMARY KEY (id, account)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE spending (
    minute INTEGER NOT NULL,
    budget TEXT NOT NULL,
    cost INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (minute, budget)
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${VERSION};`;

/**
 * Creates the tables in a new file, and checks that those of an existing one are of this version.
 * @throws StoreError where they are not, or the file is another program's; the file is left as it is
 */
export function prepareSchema(database: DatabaseSync, path: string): void {
  // In one transaction: another process may be creating the tables, and what is read has to be of before or of after that.
  database.exec('BEGIN');
  const isReady = hasTables(database, path);
  database.exec('COMMIT');
  if (isReady) return;
  database.exec(PAGE_SIZE);
  const [mode] = Object.values(database.prepare('PRAGMA journal_mode = WAL').get() ?? {});
  if (mode !== 'wal') {
    throw new StoreError(
      `The ledger ${path} cannot be shared where it is (journal mode ${mode}). Put it on a local disk.`,
    );
  }
  database.exec('BEGIN IMMEDIATE');
  // Another process may have created them meanwhile. What fails here is rolled back when the file is closed.
  if (!hasTables(database, path)) database.exec(TABLES);
  database.exec('COMMIT');
  // Allocates the pages of the tables now: on a disk that fills up, the log can be written back into them.
  database.exec('PRAGMA wal_checkpoint');
}

/**
 * Whether the file has the tables of this version, rather than none.
 * @throws StoreError where it has others
 */
function hasTables(database: DatabaseSync, path: string): boolean {
  const version = pragma(database, 'user_version');
  if (pragma(database, 'application_id') === APPLICATION_ID) {
    if (version === VERSION) return true;
    throw new StoreError(
      `The ledger ${path} was made by another version of otel-token-budget (got tables ${version}, expected ${VERSION}). ` +
        'Use that version of the package, or give it another file.',
    );
  }
  if (database.prepare('SELECT 1 FROM sqlite_schema').get() !== undefined) {
    throw new StoreError(
      `The file ${path} is the database of another program, not a ledger. Give the ledger a file of its own.`,
    );
  }
  return false;
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
