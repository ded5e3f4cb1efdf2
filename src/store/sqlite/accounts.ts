import {
  type Amounts,
  type Balances,
  type BudgetDefinition,
  definitionText,
  isNoGrant,
  windowOf,
} from '../../budget/index.ts';
import { integers } from './amounts.ts';
import type { Connection, Row } from './connection.ts';
import { spend } from './spending.ts';

/** The balances of a budget in one window, as the file has them. */
export interface StoredAccount {
  readonly id: number;
  readonly balances: Balances;
  /** What its budget was defined as when it was used last. */
  readonly definition: string | undefined;
}

/** How long a window that is over is kept, milliseconds: 40 days. */
const KEPT_MS = 40 * 86_400_000;

// Sums are exact beyond 2^53 in the file; what is read is held to what a number can tell exactly.
export const COLUMNS = `accounts.id, definition, started_at, open, ${[
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
  .map((column) => `min(${column}, ${Number.MAX_SAFE_INTEGER}) AS ${column}`)
  .join(', ')}`;

const FIND = `SELECT ${COLUMNS} FROM accounts WHERE budget = ? AND window_start = ?`;

const FIND_WHERE_NONE_LAPSED = `
  ${FIND} AND NOT EXISTS (SELECT 1 FROM reservations WHERE lease_until <= ?)`;

const FIND_OF_RESERVATION = `
  SELECT ${COLUMNS} FROM reservation_accounts JOIN accounts ON accounts.id = account
  WHERE reservation = ? AND budget = ?`;

const OPEN = `
  INSERT INTO accounts (budget, window_start, window_end, started_at, definition) VALUES (?, ?, ?, ?, ?)
  RETURNING ${COLUMNS}`;

const FORGET = 'DELETE FROM accounts WHERE open = 0 AND window_end <= ?';

const DEFINE = 'UPDATE accounts SET definition = ? WHERE id = ?';

const CHARGE = `
  UPDATE accounts SET settled_cost = settled_cost + ?, settled_tokens = settled_tokens + ?,
    settled_calls = settled_calls + ?
  WHERE id = ?`;

/** The account of a budget in its present window, begun where it is new, and its definition kept. In a transaction. */
export function presentAccount(connection: Connection, budget: BudgetDefinition, now: number): StoredAccount {
  const { start, end } = windowOf(budget.window, now);
  const row = connection.get(FIND, budget.name, start);
  const definition = definitionText(budget);
  if (row !== undefined) {
    const account = accountOf(row);
    if (account.definition !== definition) connection.run(DEFINE, definition, account.id);
    return account;
  }
  const windowed = budget.window !== undefined;
  if (windowed) connection.run(FORGET, now - KEPT_MS);
  const values = windowed ? ([start, end, start] as const) : ([start, null, now] as const);
  return accountOf(connection.get(OPEN, budget.name, ...values, definition) ?? {});
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

export function chargeAccount(
  connection: Connection,
  { id }: StoredAccount,
  used: Amounts,
  now: number,
): void {
  connection.run(CHARGE, ...integers(used), id);
  spend(connection, id, used, now);
}

export function accountOf(row: Row): StoredAccount {
  const of = (column: string): number => Number(row[column]);
  const granted = {
    costNanoUsd: of('granted_cost'),
    tokens: of('granted_tokens'),
    calls: of('granted_calls'),
    milliseconds: of('granted_ms'),
  };
  return {
    id: of('id'),
    definition: typeof row['definition'] === 'string' ? row['definition'] : undefined,
    balances: {
      settled: { costNanoUsd: of('settled_cost'), tokens: of('settled_tokens'), calls: of('settled_calls') },
      reserved: {
        costNanoUsd: of('reserved_cost'),
        tokens: of('reserved_tokens'),
        calls: of('reserved_calls'),
      },
      open: of('open'),
      startedAt: of('started_at'),
      ...(isNoGrant(granted) ? {} : { granted }),
    },
  };
}
