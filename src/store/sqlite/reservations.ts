import type { SQLInputValue } from 'node:sqlite';
import { type Abandoned, type Amounts, NOTHING, type SeenBalances } from '../../budget/index.ts';
import { accountOf, COLUMNS, type StoredAccount } from './accounts.ts';
import { integers } from './amounts.ts';
import type { Connection } from './connection.ts';
import { inMinute, keepMinute, minuteOf } from './spending.ts';

const IS_OPEN = 'SELECT 1 FROM reservations WHERE id = ? LIMIT 1';

const TAKE =
  'INSERT INTO reservations (id, account, cost, tokens, calls, lease_until) VALUES (?, ?, ?, ?, ?, ?)';

const HOLD = `
  UPDATE accounts SET reserved_cost = reserved_cost + ?, reserved_tokens = reserved_tokens + ?,
    reserved_calls = reserved_calls + ?, open = open + 1, lease_until = min(lease_until, ?)
  WHERE id = ?`;

const HOLD_MORE = `
  UPDATE accounts SET reserved_cost = reserved_cost + ?, reserved_tokens = reserved_tokens + ?,
    reserved_calls = reserved_calls + ?
  WHERE id IN (SELECT account FROM reservations WHERE id = ?)`;

const GROW = 'UPDATE reservations SET cost = cost + ?, tokens = tokens + ?, calls = calls + ? WHERE id = ?';

const HOLDS = `
  SELECT account, cost, tokens, calls, minute FROM reservations AS held JOIN accounts ON accounts.id = account
  WHERE held.id = ? AND held.lease_until > ?`;

const FREE = `
  UPDATE accounts SET reserved_cost = reserved_cost - ?, reserved_tokens = reserved_tokens - ?,
    reserved_calls = reserved_calls - ?, open = open - 1
  WHERE id = ?`;

const SPEND = `settled_cost = settled_cost + ?1, settled_tokens = settled_tokens + ?2,
    settled_calls = settled_calls + ?3, ${inMinute('?4', '?1', '?2', '?3')}`;

const SETTLE = `
  UPDATE accounts SET ${SPEND}, reserved_cost = reserved_cost - ?5, reserved_tokens = reserved_tokens - ?6,
    reserved_calls = reserved_calls - ?7, open = open - 1
  WHERE id = ?8`;

const CHARGE = `UPDATE accounts SET ${SPEND} WHERE id = ?5`;

const LOOK = `SELECT budget, window_end, ${COLUMNS} FROM accounts WHERE id = ?`;

const RENAME = 'UPDATE reservations SET id = ?, lease_until = ? WHERE id = ?';

const END_BEFORE = `
  UPDATE accounts SET lease_until = min(lease_until, ?) WHERE id IN (SELECT account FROM reservations WHERE id = ?)`;

const END = 'DELETE FROM reservations WHERE id = ?';

const FIND_BY_PREFIX = `
  SELECT id, max(cost), max(tokens), max(calls) FROM reservations
  WHERE substr(id, 1, length(?1)) = ?1 GROUP BY id`;

const RENEW = 'UPDATE reservations SET lease_until = max(lease_until, ?) WHERE id = ?';

/** All of these are steps of a transaction. */
export function isOpen(connection: Connection, id: string): boolean {
  return connection.get(IS_OPEN, id) !== undefined;
}

/** @param leaseUntil when it is charged in full, milliseconds since the epoch */
export function take(
  connection: Connection,
  id: string,
  accounts: readonly StoredAccount[],
  amounts: Amounts,
  leaseUntil: number,
): void {
  const held = integers(amounts);
  for (const account of accounts) {
    connection.run(TAKE, id, account.id, ...held, leaseUntil);
    connection.run(HOLD, ...held, leaseUntil, account.id);
  }
}

export function growBy(connection: Connection, id: string, more: Amounts): void {
  const amounts = integers(more);
  connection.run(HOLD_MORE, ...amounts, id);
  connection.run(GROW, ...amounts, id);
}

/**
 * Charges what was used and frees the reservation; false where it is not open, or its lease has ended.
 * @param seen told the balances of present windows that no lease has ended in
 */
export function end(
  connection: Connection,
  id: string,
  used: Amounts,
  now: number,
  seen?: SeenBalances,
): boolean {
  const holds = connection.integers(HOLDS, id, now);
  if (holds.length === 0) return false;
  for (const [account = 0n, cost = 0n, tokens = 0n, calls = 0n, last] of holds) {
    const held = [cost, tokens, calls, account] as const;
    if (used === NOTHING) connection.run(FREE, ...held);
    else connection.run(SETTLE, ...spent(connection, account, Number(last), used, now), ...held);
  }
  connection.run(END, id);
  if (seen !== undefined) for (const [account = 0n] of holds) look(connection, account, now, seen);
  return true;
}

function look(connection: Connection, account: SQLInputValue, now: number, seen: SeenBalances): void {
  const [budget, windowEnd, ...row] = connection.get(LOOK, account) ?? [];
  const { balances, leaseUntil } = accountOf(row);
  if (leaseUntil > now && (windowEnd === null || Number(windowEnd) > now)) seen(String(budget), balances);
}

/** Charges without a reservation. */
export function chargeAccount(
  connection: Connection,
  { id, minute }: StoredAccount,
  used: Amounts,
  now: number,
): void {
  if (used !== NOTHING) connection.run(CHARGE, ...spent(connection, id, minute, used, now), id);
}

/**
 * What a charge adds to an account, and in which minute.
 * @param last the minute of its last charge
 */
function spent(
  connection: Connection,
  account: SQLInputValue,
  last: number,
  used: Amounts,
  now: number,
): [cost: bigint, tokens: bigint, calls: bigint, minute: number] {
  const minute = minuteOf(now);
  keepMinute(connection, account, last, minute);
  return [...integers(used), minute];
}

/** Gives an open reservation another name, that is not taken, and another lease. */
export function rename(connection: Connection, id: string, to: string, leaseUntil: number): void {
  connection.run(RENAME, to, leaseUntil, id);
  connection.run(END_BEFORE, leaseUntil, to);
}

/** Charges in full the reservations whose ids begin so. */
export function endAbandoned(connection: Connection, idPrefix: string, now: number): Abandoned[] {
  const abandoned = connection.all(FIND_BY_PREFIX, idPrefix).map(([id, cost, tokens, calls]) => ({
    id: String(id),
    charged: { costNanoUsd: Number(cost), tokens: Number(tokens), calls: Number(calls) },
  }));
  for (const { id, charged } of abandoned) end(connection, id, charged, now);
  return abandoned;
}

/** Puts off the end of a lease; of a reservation that is not open, nothing. */
export function renew(connection: Connection, id: string, leaseUntil: number): void {
  connection.run(RENEW, leaseUntil, id);
}
