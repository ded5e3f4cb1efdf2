import type { Abandoned, Amounts } from '../../budget/index.ts';
import type { StoredAccount } from './accounts.ts';
import { integers } from './amounts.ts';
import type { Connection } from './connection.ts';
import { spendLapsed, spendOnReservation } from './spending.ts';

const IS_OPEN = 'SELECT 1 FROM reservations WHERE id = ?';

const TAKE = 'INSERT INTO reservations (id, cost, tokens, calls, lease_until) VALUES (?, ?, ?, ?, ?)';

const TAKE_ON = 'INSERT INTO reservation_accounts (reservation, account) VALUES (?, ?)';

const HOLD = `
  UPDATE accounts SET reserved_cost = reserved_cost + ?, reserved_tokens = reserved_tokens + ?,
    reserved_calls = reserved_calls + ?, open = open + 1
  WHERE id = ?`;

const HOLD_MORE = `
  UPDATE accounts SET reserved_cost = reserved_cost + ?, reserved_tokens = reserved_tokens + ?,
    reserved_calls = reserved_calls + ?
  WHERE id IN (SELECT account FROM reservation_accounts WHERE reservation = ?)`;

const GROW = 'UPDATE reservations SET cost = cost + ?, tokens = tokens + ?, calls = calls + ? WHERE id = ?';

const SETTLE = `
  UPDATE accounts SET settled_cost = settled_cost + ?, settled_tokens = settled_tokens + ?,
    settled_calls = settled_calls + ?, reserved_cost = reserved_cost - held.cost,
    reserved_tokens = reserved_tokens - held.tokens, reserved_calls = reserved_calls - held.calls, open = open - 1
  FROM reservations AS held
  WHERE held.id = ? AND accounts.id IN (SELECT account FROM reservation_accounts WHERE reservation = held.id)`;

const RENAME = `
  INSERT INTO reservations (id, cost, tokens, calls, lease_until)
  SELECT ?, cost, tokens, calls, ? FROM reservations WHERE id = ?`;

const MOVE_ACCOUNTS = 'UPDATE reservation_accounts SET reservation = ? WHERE reservation = ?';

const END = 'DELETE FROM reservations WHERE id = ?';

const HAS_LAPSED = 'SELECT 1 FROM reservations WHERE lease_until <= ? LIMIT 1';

const CHARGE_LAPSED = `
  UPDATE accounts SET settled_cost = settled_cost + held.cost, settled_tokens = settled_tokens + held.tokens,
    settled_calls = settled_calls + held.calls, reserved_cost = reserved_cost - held.cost,
    reserved_tokens = reserved_tokens - held.tokens, reserved_calls = reserved_calls - held.calls,
    open = open - held.count
  FROM (
    SELECT account, sum(cost) AS cost, sum(tokens) AS tokens, sum(calls) AS calls, count(*) AS count
    FROM reservations JOIN reservation_accounts ON reservation = id
    WHERE lease_until <= ? GROUP BY account
  ) AS held
  WHERE accounts.id = held.account`;

const END_LAPSED = 'DELETE FROM reservations WHERE lease_until <= ?';

const FIND_BY_PREFIX = 'SELECT id, cost, tokens, calls FROM reservations WHERE substr(id, 1, length(?)) = ?';

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
  connection.run(TAKE, id, ...held, leaseUntil);
  for (const account of accounts) {
    connection.run(TAKE_ON, id, account.id);
    connection.run(HOLD, ...held, account.id);
  }
}

export function growBy(connection: Connection, id: string, more: Amounts): void {
  const amounts = integers(more);
  connection.run(HOLD_MORE, ...amounts, id);
  connection.run(GROW, ...amounts, id);
}

/** Charges what was used and frees the reservation; false where it is not open. */
export function end(connection: Connection, id: string, used: Amounts, now: number): boolean {
  spendOnReservation(connection, id, used, now);
  connection.run(SETTLE, ...integers(used), id);
  return connection.run(END, id) === 1;
}

/** Charges in full what processes held that are dead: the leases that have ended. */
export function endLapsed(connection: Connection, now: number): void {
  if (connection.get(HAS_LAPSED, now) === undefined) return;
  spendLapsed(connection, now);
  connection.run(CHARGE_LAPSED, now);
  connection.run(END_LAPSED, now);
}

/** Gives an open reservation another name, that is not taken, and another lease. */
export function rename(connection: Connection, id: string, to: string, leaseUntil: number): void {
  connection.run(RENAME, to, leaseUntil, id);
  connection.run(MOVE_ACCOUNTS, to, id);
  connection.run(END, id);
}

/** Charges in full the reservations whose ids begin so. */
export function endAbandoned(connection: Connection, idPrefix: string, now: number): Abandoned[] {
  const abandoned = connection.all(FIND_BY_PREFIX, idPrefix, idPrefix).map((row) => ({
    id: String(row['id']),
    charged: {
      costNanoUsd: Number(row['cost']),
      tokens: Number(row['tokens']),
      calls: Number(row['calls']),
    },
  }));
  for (const { id, charged } of abandoned) end(connection, id, charged, now);
  return abandoned;
}

/** Puts off the end of a lease; of a reservation that is not open, nothing. */
export function renew(connection: Connection, id: string, leaseUntil: number): void {
  connection.run(RENEW, leaseUntil, id);
}
