import { type Amounts, MINUTE_MS, NOTHING, SPENDING_KEPT_MS, type Spending } from '../../budget/index.ts';
import { integers } from './amounts.ts';
import type { Connection } from './connection.ts';

const ADD =
  'DO UPDATE SET cost = cost + excluded.cost, tokens = tokens + excluded.tokens, calls = calls + excluded.calls';

const SPEND = `
  INSERT INTO spending (minute, budget, cost, tokens, calls)
  SELECT ?, budget, ?, ?, ? FROM accounts WHERE id = ?
  ON CONFLICT ${ADD}`;

const SPEND_ON_RESERVATION = `
  INSERT INTO spending (minute, budget, cost, tokens, calls)
  SELECT ?, budget, ?, ?, ? FROM reservation_accounts JOIN accounts ON accounts.id = account WHERE reservation = ?
  ON CONFLICT ${ADD}`;

const SPEND_LAPSED = `
  INSERT INTO spending (minute, budget, cost, tokens, calls)
  SELECT ?, budget, sum(cost), sum(tokens), sum(calls)
  FROM reservations JOIN reservation_accounts ON reservation = reservations.id JOIN accounts ON accounts.id = account
  WHERE lease_until <= ? GROUP BY budget
  ON CONFLICT ${ADD}`;

const FORGET = 'DELETE FROM spending WHERE minute < ?';

// Sums are exact beyond 2^53 in the file; what is read is held to what a number can tell exactly.
const MOST = Number.MAX_SAFE_INTEGER;

const OF_BUDGET = `
  SELECT minute, min(cost, ${MOST}) AS cost, min(tokens, ${MOST}) AS tokens, min(calls, ${MOST}) AS calls
  FROM spending WHERE budget = ? AND minute >= ? ORDER BY minute`;

/** All of these but the last are steps of a transaction: what is settled is also told by the minute. */
export function spend(connection: Connection, account: number, used: Amounts, now: number): void {
  connection.run(SPEND, minuteOf(connection, now), ...integers(used), account);
}

export function spendOnReservation(connection: Connection, id: string, used: Amounts, now: number): void {
  if (used !== NOTHING)
    connection.run(SPEND_ON_RESERVATION, minuteOf(connection, now), ...integers(used), id);
}

/** Of the reservations whose leases have ended. */
export function spendLapsed(connection: Connection, now: number): void {
  connection.run(SPEND_LAPSED, minuteOf(connection, now), now);
}

/** What a budget was charged, minute by minute. */
export function spendingOf(connection: Connection, budget: string, now: number): Spending[] {
  return connection.all(OF_BUDGET, budget, now - SPENDING_KEPT_MS).map((row) => ({
    minute: Number(row['minute']),
    used: { costNanoUsd: Number(row['cost']), tokens: Number(row['tokens']), calls: Number(row['calls']) },
  }));
}

function minuteOf(connection: Connection, now: number): number {
  const minute = now - (now % MINUTE_MS);
  connection.run(FORGET, minute - SPENDING_KEPT_MS);
  return minute;
}
