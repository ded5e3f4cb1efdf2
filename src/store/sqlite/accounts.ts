import { type Amounts, type Balances, type BudgetDefinition, windowOf } from '../../budget/index.ts';
import type { Connection, Row } from './connection.ts';

/** The balances of a budget in one window, as the file has them. */
export interface StoredAccount {
  readonly id: number;
  readonly balances: Balances;
}

/** How long a window that is over is kept, milliseconds: 40 days. */
const KEPT_MS = 40 * 86_400_000;

// Sums are exact beyond 2^53 in the file; what is read is held to what a number can tell exactly.
const COLUMNS = `accounts.id, started_at, open, ${[
  'settled_cost',
  'settled_tokens',
  'settled_calls',
  'reserved_cost',
  'reserved_tokens',
  'reserved_calls',
]
  .map((column) => `min(${column}, ${Number.MAX_SAFE_INTEGER}) AS ${column}`)
  .join(', ')}`;

const FIND = `SELECT ${COLUMNS} FROM accounts WHERE budget = ? AND window_start = ?`;

const FIND_WHERE_NONE_LAPSED = `
  ${FIND} AND NOT EXISTS (SELECT 1 FROM reservations WHERE lease_until <= ?)`;

const FIND_OF_RESERVATION = `
  SELECT ${COLUMNS} FROM reservation_accounts JOIN accounts ON accounts.id = account
  WHERE reservation = ? AND budget = ?`;

const OPEN = `
  INSERT INTO accounts (budget, window_start, window_end, started_at) VALUES (?, ?, ?, ?)
  RETURNING ${COLUMNS}`;

const FORGET = 'DELETE FROM accounts WHERE open = 0 AND window_end <= ?';

const CHARGE = `
  UPDATE accounts SET settled_cost = settled_cost + ?, settled_tokens = settled_tokens + ?,
    settled_calls = settled_calls + ?
  WHERE id = ?`;

/** The account of a budget in its present window, begun where it is new. In a transaction. */
export function presentAccount(connection: Connection, budget: BudgetDefinition, now: number): StoredAccount {
  const { start, end } = windowOf(budget.window, now);
  const row = connection.get(FIND, budget.name, start);
  if (row !== undefined) return accountOf(row);
  const windowed = budget.window !== undefined;
  if (windowed) connection.run(FORGET, now - KEPT_MS);
  const values = windowed ? ([start, end, start] as const) : ([start, null, now] as const);
  return accountOf(connection.get(OPEN, budget.name, ...values) ?? {});
}

/** The balances of a budget; undefined where it has to be begun, or leases have ended, which takes a transaction. */
export function glance(connection: Connection, budget: BudgetDefinition, now: number): Balances | undefined {
  const { start } = windowOf(budget.window, now);
  const row = connection.get(FIND_WHERE_NONE_LAPSED, budget.name, start, now);
  return row === undefined ? undefined : accountOf(row).balances;
}

/** The account of a budget in the window that the reservation was taken in; undefined where it was not taken on it. */
export function accountOfReservation(
  connection: Connection,
  reservation: string,
  budget: BudgetDefinition,
): StoredAccount | undefined {
  const row = connection.get(FIND_OF_RESERVATION, reservation, budget.name);
  return row === undefined ? undefined : accountOf(row);
}

export function chargeAccount(connection: Connection, account: StoredAccount, used: Amounts): void {
  connection.run(CHARGE, ...integers(used), account.id);
}

/**
 * Amounts as SQLite's integers, so that no sum is calculated in floating point.
 * @throws RangeError where one is not an integer
 */
export function integers({
  costNanoUsd,
  tokens,
  calls,
}: Amounts): [cost: bigint, tokens: bigint, calls: bigint] {
  return [BigInt(costNanoUsd), BigInt(tokens), BigInt(calls)];
}

function accountOf(row: Row): StoredAccount {
  const of = (column: string): number => Number(row[column]);
  return {
    id: of('id'),
    balances: {
      settled: { costNanoUsd: of('settled_cost'), tokens: of('settled_tokens'), calls: of('settled_calls') },
      reserved: {
        costNanoUsd: of('reserved_cost'),
        tokens: of('reserved_tokens'),
        calls: of('reserved_calls'),
      },
      open: of('open'),
      startedAt: of('started_at'),
    },
  };
}
