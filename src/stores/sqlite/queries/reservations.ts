import {
  type Abandoned,
  type Amounts,
  addAmounts,
  type Balances,
  LIMIT_OF,
  NOTHING,
  StoreError,
  subtractAmounts,
} from '../../../budget/index.ts';
import type { SqliteConnection, SqliteRow } from '../connection.ts';
import { ACCOUNT_COLUMNS, observeAccount, type StoredAccount } from './accounts.ts';
import { MAX_INTEGER, toIntegers } from './amounts.ts';
import { archiveMinute, minuteAssignments, startOfMinute } from './spending.ts';

const IS_OPEN = 'SELECT 1 FROM reservations WHERE id = ? AND lease_until > ? LIMIT 1';

const INSERT_RESERVATION = `
  INSERT INTO reservations (id, account, cost, tokens, calls, lease_until) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING`;

const RESERVE = `
  UPDATE accounts SET reserved_cost = reserved_cost + ?, reserved_tokens = reserved_tokens + ?,
    reserved_calls = reserved_calls + ?, open = open + 1, lease_until = min(lease_until, ?),
    generation = generation + 1
  WHERE id = ?`;

const RESERVE_MORE = `
  UPDATE accounts SET reserved_cost = reserved_cost + ?, reserved_tokens = reserved_tokens + ?,
    reserved_calls = reserved_calls + ?, generation = generation + 1
  WHERE id IN (SELECT account FROM reservations WHERE id = ?)`;

const GROW_RESERVATION =
  'UPDATE reservations SET cost = cost + ?, tokens = tokens + ?, calls = calls + ? WHERE id = ?';

const SELECT_HOLDS = `
  SELECT budget, window_end, cost, tokens, calls, ${ACCOUNT_COLUMNS}
  FROM reservations AS held JOIN accounts ON accounts.id = account
  WHERE held.id = ? AND held.lease_until > ?`;

const FREE = `
  UPDATE accounts SET reserved_cost = reserved_cost - ?, reserved_tokens = reserved_tokens - ?,
    reserved_calls = reserved_calls - ?, open = open - 1, generation = generation + 1
  WHERE id = ?`;

const ADD_SETTLED = `settled_cost = settled_cost + ?1, settled_tokens = settled_tokens + ?2,
    settled_calls = settled_calls + ?3, generation = generation + 1, ${minuteAssignments('?4', '?1', '?2', '?3')}`;

const SETTLE = `
  UPDATE accounts SET ${ADD_SETTLED}, reserved_cost = reserved_cost - ?5, reserved_tokens = reserved_tokens - ?6,
    reserved_calls = reserved_calls - ?7, open = open - 1
  WHERE id = ?8`;

const CHARGE = `UPDATE accounts SET ${ADD_SETTLED} WHERE id = ?5`;

const RENAME_RESERVATION = 'UPDATE reservations SET id = ?, lease_until = ? WHERE id = ?';

const LOWER_ACCOUNT_LEASE = `
  UPDATE accounts SET lease_until = min(lease_until, ?) WHERE id IN (SELECT account FROM reservations WHERE id = ?)`;

const DELETE_RESERVATION = 'DELETE FROM reservations WHERE id = ?';

const SELECT_BY_PREFIX = `
  SELECT id, max(cost), max(tokens), max(calls) FROM reservations
  WHERE substr(id, 1, length(?1)) = ?1 GROUP BY id`;

const EXTEND_LEASE =
  'UPDATE reservations SET lease_until = max(lease_until, ?) WHERE id = ? AND lease_until > ?';

// All of these are steps of a transaction.

/** Whether a reservation is open. One whose lease has ended is not, even if it was not charged yet. */
export function isReservationOpen(connection: SqliteConnection, id: string, now: number): boolean {
  return connection.get(IS_OPEN, id, now) !== undefined;
}

/**
 * Inserts a reservation on these accounts.
 * @param leaseUntil when it is charged in full, milliseconds since the epoch
 * @throws StoreError if it is open already
 */
export function insertReservation(
  connection: SqliteConnection,
  id: string,
  accounts: readonly StoredAccount[],
  amounts: Amounts,
  leaseUntil: number,
): void {
  const held = toIntegers(amounts);
  for (const account of accounts) {
    if (connection.run(INSERT_RESERVATION, id, account.id, ...held, leaseUntil) === 0) {
      throw new StoreError(`The reservation "${id}" is open already.`);
    }
    connection.run(RESERVE, ...held, leaseUntil, account.id);
  }
}

/** Reserves more for an open reservation. */
export function growReservation(connection: SqliteConnection, id: string, more: Amounts): void {
  const amounts = toIntegers(more);
  connection.run(RESERVE_MORE, ...amounts, id);
  connection.run(GROW_RESERVATION, ...amounts, id);
}

/** The name of a budget, and its balances. */
export type BudgetBalances = readonly [budget: string, balances: Balances];

/**
 * Charges what was used and frees the rest of a reservation.
 * @returns the new balances of the present windows in which no lease has ended; undefined if the reservation
 * is not open, or its lease has ended
 */
export function settleReservation(
  connection: SqliteConnection,
  id: string,
  used: Amounts,
  now: number,
): readonly BudgetBalances[] | undefined {
  const holds = connection.all(SELECT_HOLDS, id, now).map((row) => toHold(connection, row));
  for (const { account, held } of holds) {
    const freed = [...toIntegers(held), account.id] as const;
    if (used === NOTHING) connection.run(FREE, ...freed);
    else connection.run(SETTLE, ...chargeValues(connection, account, used, now), ...freed);
  }
  if (holds.length === 0) return undefined;
  connection.run(DELETE_RESERVATION, id);
  return holds.flatMap((hold) => balancesAfter(hold, used, now));
}

/** What a reservation holds on one account, and that account before the reservation ends. */
interface Hold {
  readonly budget: string;
  readonly windowEnd: number;
  readonly held: Amounts;
  readonly account: StoredAccount;
}

function toHold(
  connection: SqliteConnection,
  [budget, windowEnd, cost, tokens, calls, ...account]: SqliteRow,
): Hold {
  return {
    budget: String(budget),
    windowEnd: windowEnd === null ? Infinity : Number(windowEnd),
    held: { costNanoUsd: Number(cost), tokens: Number(tokens), calls: Number(calls) },
    account: observeAccount(connection, account),
  };
}

/**
 * Computes the balances after the end of a reservation, which saves reading them; none if they have to be
 * read.
 */
function balancesAfter(
  { budget, windowEnd, held, account }: Hold,
  used: Amounts,
  now: number,
): BudgetBalances[] {
  const { balances, leaseUntil } = account;
  const settled = addAmounts(balances.settled, used);
  // Amounts beyond 2^53 are not exact here, and have to be read.
  const exact = LIMIT_OF.every(
    ([amount]) => settled[amount] < MAX_INTEGER && balances.reserved[amount] < MAX_INTEGER,
  );
  if (!exact || leaseUntil <= now || windowEnd <= now) return [];
  const reserved = subtractAmounts(balances.reserved, held);
  return [[budget, { ...balances, settled, reserved, open: balances.open - 1 }]];
}

/** Charges an account without a reservation. */
export function chargeAccount(
  connection: SqliteConnection,
  account: StoredAccount,
  used: Amounts,
  now: number,
): void {
  if (used !== NOTHING) connection.run(CHARGE, ...chargeValues(connection, account, used, now), account.id);
}

/** Returns the values of a charge: what it adds, and in which minute. The minute before is archived. */
function chargeValues(
  connection: SqliteConnection,
  account: StoredAccount,
  used: Amounts,
  now: number,
): [cost: bigint, tokens: bigint, calls: bigint, minute: number] {
  const minute = startOfMinute(now);
  archiveMinute(connection, account, minute);
  return [...toIntegers(used), minute];
}

/** Gives an open reservation another id, which is free, and another lease. */
export function transferReservation(
  connection: SqliteConnection,
  id: string,
  to: string,
  leaseUntil: number,
): void {
  connection.run(RENAME_RESERVATION, to, leaseUntil, id);
  connection.run(LOWER_ACCOUNT_LEASE, leaseUntil, to);
}

/** Charges the reservations whose ids have this prefix in full. */
export function chargeAbandonedReservations(
  connection: SqliteConnection,
  idPrefix: string,
  now: number,
): Abandoned[] {
  const abandoned = connection.all(SELECT_BY_PREFIX, idPrefix).map(([id, cost, tokens, calls]) => ({
    id: String(id),
    charged: { costNanoUsd: Number(cost), tokens: Number(tokens), calls: Number(calls) },
  }));
  for (const { id, charged } of abandoned) settleReservation(connection, id, charged, now);
  return abandoned;
}

/** Extends the lease of a reservation, if it is open. */
export function extendLease(connection: SqliteConnection, id: string, now: number, leaseUntil: number): void {
  connection.run(EXTEND_LEASE, leaseUntil, id, now);
}
