import type { SQLInputValue } from 'node:sqlite';
import {
  type Balances,
  type BudgetDefinition,
  isNoGrant,
  serializeDefinition,
  windowOf,
} from '../../../budget/index.ts';
import type { SqliteConnection, SqliteRow } from '../connection.ts';
import { MAX_INTEGER } from './amounts.ts';
import { chargeExpired } from './expired.ts';

/** The balances of a budget in one window, as the file has them. */
export interface StoredAccount {
  readonly id: number;
  readonly balances: Balances;
  /** The definition that a process last used its budget with. */
  readonly definition: string;
  /** A time before which no lease of its reservations ends, milliseconds since the epoch. */
  readonly leaseUntil: number;
  /** The start of the minute of its last charge, milliseconds since the epoch; 0 if there was none. */
  readonly minute: number;
}

/**
 * How many windows of a budget are kept: 41 days of hours. They are counted, in the order in which they were first
 * used, because a clock may be wrong: one that was wrong once must not delete the present window.
 */
const WINDOWS_KEPT = 1_000;

/** The columns of an account, in the order that {@link toStoredAccount} expects. */
export const ACCOUNT_COLUMNS = `accounts.id, definition, accounts.lease_until, minute, started_at, open, generation, ${[
  'settled_cost',
  'settled_tokens',
  'settled_calls',
  'reserved_cost',
  'reserved_tokens',
  'reserved_calls',
  'granted_cost',
  'granted_tokens',
  'granted_calls',
  'granted_ms',
]
  .map((column) => `min(${column}, ${MAX_INTEGER})`)
  .join(', ')}`;

const SELECT_ACCOUNT = `SELECT ${ACCOUNT_COLUMNS} FROM accounts WHERE budget = ? AND window_start = ?`;

const SELECT_RESERVED_ACCOUNT = `
  SELECT ${ACCOUNT_COLUMNS} FROM reservations AS held JOIN accounts ON accounts.id = account
  WHERE held.id = ? AND budget = ?`;

const INSERT_ACCOUNT = `
  INSERT INTO accounts (budget, window_start, window_end, started_at, definition) VALUES (?, ?, ?, ?, ?)
  RETURNING ${ACCOUNT_COLUMNS}`;

const DELETE_OLD_WINDOWS = `
  DELETE FROM accounts WHERE budget = ?1 AND open = 0 AND id <= (
    SELECT id FROM accounts WHERE budget = ?1 ORDER BY id DESC LIMIT 1 OFFSET ${WINDOWS_KEPT - 1})`;

const UPDATE_DEFINITION = 'UPDATE accounts SET definition = ? WHERE id = ?';

/**
 * Returns the account of a budget in its present window, creating it if it is new, and stores the definition.
 * Expired reservations are charged before. A step of a transaction.
 */
export function openAccount(
  connection: SqliteConnection,
  budget: BudgetDefinition,
  now: number,
): StoredAccount {
  const { start, end } = windowOf(budget.window, now);
  const definition = serializeDefinition(budget);
  const account = afterExpiry(connection, now, () =>
    queryAccount(connection, SELECT_ACCOUNT, budget.name, start),
  );
  if (account !== undefined) {
    if (account.definition !== definition) connection.run(UPDATE_DEFINITION, definition, account.id);
    return account;
  }
  const hasWindow = budget.window !== undefined;
  if (hasWindow) connection.run(DELETE_OLD_WINDOWS, budget.name);
  const values = hasWindow ? ([start, end, start] as const) : ([start, null, now] as const);
  return observeAccount(connection, connection.get(INSERT_ACCOUNT, budget.name, ...values, definition) ?? []);
}

/**
 * Returns the balances of a budget, without a transaction; undefined if it needs one, because the account is
 * new or a lease has ended.
 */
export function readBalances(
  connection: SqliteConnection,
  budget: BudgetDefinition,
  now: number,
): Balances | undefined {
  const account = queryAccount(connection, SELECT_ACCOUNT, budget.name, windowOf(budget.window, now).start);
  return account === undefined || account.leaseUntil <= now ? undefined : account.balances;
}

/**
 * Returns the account of a budget that a reservation is on, in the window that it was made in; undefined if
 * it is not on that budget. Expired reservations are charged before. A step of a transaction.
 */
export function findReservedAccount(
  connection: SqliteConnection,
  reservation: string,
  budget: BudgetDefinition,
  now: number,
): StoredAccount | undefined {
  return afterExpiry(connection, now, () =>
    queryAccount(connection, SELECT_RESERVED_ACCOUNT, reservation, budget.name),
  );
}

/**
 * Parses the {@link ACCOUNT_COLUMNS} of an account that was read.
 * @throws LedgerLostError if this process knows of later changes to it
 */
export function observeAccount(connection: SqliteConnection, row: SqliteRow): StoredAccount {
  connection.observe(Number(row[0]), Number(row[GENERATION_COLUMN]));
  return toStoredAccount(row);
}

/** The place of the generation in the {@link ACCOUNT_COLUMNS}. */
const GENERATION_COLUMN = 6;

/** Parses the {@link ACCOUNT_COLUMNS}. */
export function toStoredAccount(row: SqliteRow): StoredAccount {
  const at = (column: number): number => Number(row[column]);
  const granted = { costNanoUsd: at(13), tokens: at(14), calls: at(15), milliseconds: at(16) };
  return {
    id: at(0),
    definition: String(row[1]),
    leaseUntil: at(2),
    minute: at(3),
    balances: {
      settled: { costNanoUsd: at(7), tokens: at(8), calls: at(9) },
      reserved: { costNanoUsd: at(10), tokens: at(11), calls: at(12) },
      open: at(5),
      startedAt: at(4),
      ...(isNoGrant(granted) ? {} : { granted }),
    },
  };
}

/** Finds an account, again if reservations on it expired and were charged. */
function afterExpiry(
  connection: SqliteConnection,
  now: number,
  findAccount: () => StoredAccount | undefined,
): StoredAccount | undefined {
  const account = findAccount();
  if (account === undefined || account.leaseUntil > now) return account;
  chargeExpired(connection, now);
  return findAccount();
}

function queryAccount(
  connection: SqliteConnection,
  sql: string,
  ...values: SQLInputValue[]
): StoredAccount | undefined {
  const row = connection.get(sql, ...values);
  return row === undefined ? undefined : observeAccount(connection, row);
}
