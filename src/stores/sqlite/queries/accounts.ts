import type { SQLInputValue } from 'node:sqlite';
import {
  type Balances,
  type BudgetDefinition,
  serializeDefinition,
  isNoGrant,
  windowOf,
} from '../../../budget/index.ts';
import type { Row, SqliteConnection } from '../connection.ts';
import { MOST } from './amounts.ts';
import { endLapsed } from './expired.ts';

/** The balances of a budget in one window, as the file has them. */
export interface StoredAccount {
  readonly id: number;
  readonly balances: Balances;
  /** What its budget was defined as when it was used last. */
  readonly definition: string;
  /** No lease of its reservations has ended before that moment, milliseconds since the epoch. */
  readonly leaseUntil: number;
  /** The minute of its last charge, milliseconds since the epoch; 0 where there was none. */
  readonly minute: number;
}

/** How long a window that is over is kept, milliseconds: 40 days. */
const KEPT_MS = 40 * 86_400_000;

/** Of an account, as {@link accountOf} reads them. */
export const COLUMNS = `accounts.id, definition, accounts.lease_until, minute, started_at, open, ${[
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
  .map((column) => `min(${column}, ${MOST})`)
  .join(', ')}`;

const FIND = `SELECT ${COLUMNS} FROM accounts WHERE budget = ? AND window_start = ?`;

const FIND_OF_RESERVATION = `
  SELECT ${COLUMNS} FROM reservations AS held JOIN accounts ON accounts.id = account
  WHERE held.id = ? AND budget = ?`;

const OPEN = `
  INSERT INTO accounts (budget, window_start, window_end, started_at, definition) VALUES (?, ?, ?, ?, ?)
  RETURNING ${COLUMNS}`;

const FORGET = 'DELETE FROM accounts WHERE open = 0 AND window_end <= ?';

const DEFINE = 'UPDATE accounts SET definition = ? WHERE id = ?';

/**
 * The account of a budget in its present window, begun where it is new, and its definition kept. Its leases that have ended are
 * charged. In a transaction.
 */
export function presentAccount(
  connection: SqliteConnection,
  budget: BudgetDefinition,
  now: number,
): StoredAccount {
  const { start, end } = windowOf(budget.window, now);
  const definition = serializeDefinition(budget);
  const account = upToDate(connection, now, () => find(connection, FIND, budget.name, start));
  if (account !== undefined) {
    if (account.definition !== definition) connection.run(DEFINE, definition, account.id);
    return account;
  }
  const windowed = budget.window !== undefined;
  if (windowed) connection.run(FORGET, now - KEPT_MS);
  const values = windowed ? ([start, end, start] as const) : ([start, null, now] as const);
  return accountOf(connection.get(OPEN, budget.name, ...values, definition) ?? []);
}

/** The balances of a budget; undefined where it has to be begun, or leases have ended, which takes a transaction. */
export function glance(
  connection: SqliteConnection,
  budget: BudgetDefinition,
  now: number,
): Balances | undefined {
  const account = find(connection, FIND, budget.name, windowOf(budget.window, now).start);
  return account === undefined || account.leaseUntil <= now ? undefined : account.balances;
}

/**
 * The account of a budget in the window that the reservation was taken in; undefined where it was not taken on it. Its leases that
 * have ended are charged. In a transaction.
 */
export function accountOfReservation(
  connection: SqliteConnection,
  reservation: string,
  budget: BudgetDefinition,
  now: number,
): StoredAccount | undefined {
  return upToDate(connection, now, () => find(connection, FIND_OF_RESERVATION, reservation, budget.name));
}

export function accountOf(row: Row): StoredAccount {
  const at = (column: number): number => Number(row[column]);
  const granted = { costNanoUsd: at(12), tokens: at(13), calls: at(14), milliseconds: at(15) };
  return {
    id: at(0),
    definition: String(row[1]),
    leaseUntil: at(2),
    minute: at(3),
    balances: {
      settled: { costNanoUsd: at(6), tokens: at(7), calls: at(8) },
      reserved: { costNanoUsd: at(9), tokens: at(10), calls: at(11) },
      open: at(5),
      startedAt: at(4),
      ...(isNoGrant(granted) ? {} : { granted }),
    },
  };
}

/** An account, once its leases that have ended are charged. */
function upToDate(
  connection: SqliteConnection,
  now: number,
  findIt: () => StoredAccount | undefined,
): StoredAccount | undefined {
  const account = findIt();
  if (account === undefined || account.leaseUntil > now) return account;
  endLapsed(connection, now);
  return findIt();
}

function find(
  connection: SqliteConnection,
  sql: string,
  ...values: SQLInputValue[]
): StoredAccount | undefined {
  const row = connection.get(sql, ...values);
  return row === undefined ? undefined : accountOf(row);
}
