import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../budget/index.ts';

/** The `lease_until` of an account whose reservations were all looked at and none of which is open. */
export const NEVER = Number.MAX_SAFE_INTEGER;

/** Raised with every change of the tables. */
const VERSION = 3;

/** Of a new file. A call changes some rows in two pages, and each goes into the log whole, twice. */
const PAGE_SIZE = 'PRAGMA page_size = 1024';

/** Marks the file as ours: `otkb` in ASCII. */
const APPLICATION_ID = 0x6f746b62;

const SPENDING = `
  CREATE TABLE spending (
    minute INTEGER NOT NULL,
    budget TEXT NOT NULL,
    cost INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (minute, budget)
  ) STRICT, WITHOUT ROWID;`;

/** Of each account: before when no lease of its reservations ends, and what it was charged in the minute of its last charge. */
const IN_PLACE = [
  `lease_until INTEGER NOT NULL DEFAULT ${NEVER}`,
  'minute INTEGER NOT NULL DEFAULT 0',
  'minute_cost INTEGER NOT NULL DEFAULT 0',
  'minute_tokens INTEGER NOT NULL DEFAULT 0',
  'minute_calls INTEGER NOT NULL DEFAULT 0',
];

/** A row for each budget of the chain: all that a call writes is there and in the accounts, two pages as a rule. */
const RESERVATIONS = `
  CREATE TABLE reservations (
    id TEXT NOT NULL,
    account INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    PRIMARY KEY (id, account)
  ) STRICT, WITHOUT ROWID;`;

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
    definition TEXT,
    granted_cost INTEGER NOT NULL DEFAULT 0,
    granted_tokens INTEGER NOT NULL DEFAULT 0,
    granted_calls INTEGER NOT NULL DEFAULT 0,
    granted_ms INTEGER NOT NULL DEFAULT 0,
    ${IN_PLACE.join(',\n    ')},
    UNIQUE (budget, window_start)
  ) STRICT;
  ${RESERVATIONS}
  ${SPENDING}
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${VERSION};`;

/** What makes the tables of this version from those of the one before, by the version before. */
const CHANGES: Readonly<Record<number, string>> = {
  1: `
  ALTER TABLE accounts ADD COLUMN definition TEXT;
  ALTER TABLE accounts ADD COLUMN granted_cost INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE accounts ADD COLUMN granted_tokens INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE accounts ADD COLUMN granted_calls INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE accounts ADD COLUMN granted_ms INTEGER NOT NULL DEFAULT 0;
  ${SPENDING}
  PRAGMA user_version = 2;`,
  2: `
  ${IN_PLACE.map((column) => `ALTER TABLE accounts ADD COLUMN ${column};`).join('\n  ')}
  ALTER TABLE reservations RENAME TO reservations_of_2;
  ${RESERVATIONS}
  INSERT INTO reservations SELECT id, account, cost, tokens, calls, lease_until
    FROM reservations_of_2 JOIN reservation_accounts ON reservation = id;
  DROP TABLE reservation_accounts;
  DROP TABLE reservations_of_2;
  UPDATE accounts SET lease_until = held.lease_until
    FROM (SELECT account, min(lease_until) AS lease_until FROM reservations GROUP BY account) AS held
    WHERE accounts.id = held.account;
  PRAGMA user_version = 3;`,
};

/**
 * Makes the tables in a new file, brings those of an older version up to this one, and looks whether those of an old one are ours.
 * @throws StoreError where they are not, or a later version of the package made them; the file is left as it is
 */
export function prepareSchema(database: DatabaseSync, path: string): void {
  // In one transaction: another process may be making the tables, and what is read has to be of before or of after that.
  database.exec('BEGIN');
  const version = versionOf(database, path);
  database.exec('COMMIT');
  if (version === VERSION) return;
  database.exec(PAGE_SIZE);
  const [mode] = Object.values(database.prepare('PRAGMA journal_mode = WAL').get() ?? {});
  if (mode !== 'wal') {
    throw new StoreError(
      `The ledger ${path} cannot be shared where it is (journal mode ${mode}). Put it on a local disk.`,
    );
  }
  database.exec('BEGIN IMMEDIATE');
  // Another process may have made them meanwhile. What fails here is rolled back when the file is closed.
  bringUp(database, versionOf(database, path));
  database.exec('COMMIT');
  // Takes the room of the tables now: on a disk that fills up, the log can be written back into it and begin anew.
  database.exec('PRAGMA wal_checkpoint');
}

function bringUp(database: DatabaseSync, from: number): void {
  if (from === 0) database.exec(TABLES);
  else for (let version = from; version < VERSION; version += 1) database.exec(CHANGES[version] ?? '');
}

/** The version of the tables; 0 where there are none. */
function versionOf(database: DatabaseSync, path: string): number {
  const version = pragma(database, 'user_version');
  const isOurs = pragma(database, 'application_id') === APPLICATION_ID;
  if (isOurs && version >= 1 && version <= VERSION) return version;
  if (isOurs && version > VERSION) {
    throw new StoreError(
      `The ledger ${path} was made by a later version of otel-token-budget (tables ${version}, known up to ${VERSION}). ` +
        'Update the package, or give it another file.',
    );
  }
  if (database.prepare('SELECT 1 FROM sqlite_schema').get() !== undefined) {
    throw new StoreError(
      `The file ${path} is the database of another program, not a ledger. Give the ledger a file of its own.`,
    );
  }
  return 0;
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
