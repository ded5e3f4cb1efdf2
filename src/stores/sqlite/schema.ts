import type { DatabaseSync } from 'node:sqlite';
import { StoreSetupError } from '../../budget/index.ts';
import type { FileMark } from './known-file.ts';

/** The `lease_until` of an account that is known to have no open reservation. */
export const NO_LEASE = Number.MAX_SAFE_INTEGER;

/** The version of the tables below; a file with tables of another version is not opened. */
const VERSION = 2;

/**
 * The page size of a new file. A call changes some rows in two pages, and each page is written to the log as
 * a whole, twice.
 */
const PAGE_SIZE = 'PRAGMA page_size = 1024';

/** Marks the file as ours: `otkb` in ASCII. */
const APPLICATION_ID = 0x6f746b62;

/**
 * Amounts are integers: nano-USD, tokens, calls. Times are milliseconds since the epoch. An account without a
 * window has 0 as `window_start` and null as `window_end`. `definition` is the definition that a process last
 * used the budget with, as JSON. `spending` is what was settled, by the minute. The last minute of an account
 * is in the account itself (`minute` …), and `lease_until` is a time before which no lease of its
 * reservations ends. `generation` is how often an account was changed. `ledger` has one row: the id of the file,
 * and when an operator last confirmed it, 0 for never. `reservations` has a row for each budget of the chain. So
 * a call writes two pages as a rule. `charges` has the position of the last charge of each source whose charges
 * are made once.
 */
const TABLES = `
  CREATE TABLE ledger (
    id TEXT NOT NULL,
    confirmed_at INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  INSERT INTO ledger (id) VALUES (lower(hex(randomblob(8))));
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
    lease_until INTEGER NOT NULL DEFAULT ${NO_LEASE},
    minute INTEGER NOT NULL DEFAULT 0,
    minute_cost INTEGER NOT NULL DEFAULT 0,
    minute_tokens INTEGER NOT NULL DEFAULT 0,
    minute_calls INTEGER NOT NULL DEFAULT 0,
    generation INTEGER NOT NULL DEFAULT 0,
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
  CREATE TABLE charges (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL UNIQUE,
    position INTEGER NOT NULL
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${VERSION};`;

/**
 * Creates the tables in a new file, and checks that those of an existing one are of this version.
 * @throws StoreSetupError if they are not, or if the file is another program's; the file is left unchanged
 */
export function prepareSchema(database: DatabaseSync, path: string): void {
  // In one transaction: another process may be creating the tables, and must not be seen halfway.
  database.exec('BEGIN');
  const isReady = hasTables(database, path);
  database.exec('COMMIT');
  if (isReady) return;
  database.exec(PAGE_SIZE);
  const [mode] = Object.values(database.prepare('PRAGMA journal_mode = WAL').get() ?? {});
  if (mode !== 'wal') {
    throw new StoreSetupError(
      `The ledger ${path} cannot be shared where it is (journal mode ${mode}). Put it on a local disk.`,
      'a file on a local disk',
    );
  }
  database.exec('BEGIN IMMEDIATE');
  // Another process may have created them meanwhile. If this fails, closing the file rolls it back.
  if (!hasTables(database, path)) database.exec(TABLES);
  database.exec('COMMIT');
  // Allocates the pages of the tables now: on a disk that fills up, the log can be written back into them.
  database.exec('PRAGMA wal_checkpoint');
}

/** Reads the identity of a ledger with tables. */
export function readMark(database: DatabaseSync): FileMark {
  const row = database.prepare('SELECT id, confirmed_at FROM ledger').get();
  const account = database.prepare('SELECT generation FROM accounts WHERE id = ?');
  return {
    id: String(row?.['id']),
    confirmedAt: Number(row?.['confirmed_at']),
    generationOf: (id) => {
      const generation = account.get(id)?.['generation'];
      return generation === undefined ? undefined : Number(generation);
    },
  };
}

/**
 * Whether the file has the tables of this version; false if it has none.
 * @throws StoreSetupError if it has others
 */
function hasTables(database: DatabaseSync, path: string): boolean {
  const version = pragma(database, 'user_version');
  if (pragma(database, 'application_id') === APPLICATION_ID) {
    if (version === VERSION) return true;
    throw new StoreSetupError(
      `The ledger ${path} was made by another version of otel-token-budget (got tables ${version}, expected ${VERSION}). ` +
        'Use that version of the package, or give it another file.',
      'the ledger of this version of the package',
    );
  }
  if (database.prepare('SELECT 1 FROM sqlite_schema').get() !== undefined) {
    throw new StoreSetupError(
      `The file ${path} is the database of another program, not a ledger. Give the ledger a file of its own.`,
      'an SQLite file of this package, or a path where there is no file yet',
    );
  }
  return false;
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
