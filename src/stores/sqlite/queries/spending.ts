import { MINUTE_MS, SPENDING_KEPT_MS, type Spending } from '../../../budget/index.ts';
import type { SqliteConnection } from '../connection.ts';
import { MOST } from './amounts.ts';

/**
 * What is settled on an account is also told by the minute. The minute of its last charge is in its own row, which a charge writes
 * anyway; with the first charge in another minute it goes into the table of the minutes.
 */
const KEEP =
  'INSERT INTO spending SELECT minute, budget, minute_cost, minute_tokens, minute_calls FROM accounts';

const ADD = `
  ON CONFLICT DO UPDATE SET cost = cost + excluded.cost, tokens = tokens + excluded.tokens, calls = calls + excluded.calls`;

const KEEP_MINUTE = `${KEEP} WHERE id = ? ${ADD}`;

const KEEP_MINUTES_OF_LAPSED = `
  ${KEEP} WHERE minute NOT IN (0, ?) AND id IN (SELECT account FROM reservations WHERE lease_until <= ?) ${ADD}`;

const FORGET = 'DELETE FROM spending WHERE minute < ?';

const OF_BUDGET = `
  SELECT minute, min(sum(cost), ${MOST}), min(sum(tokens), ${MOST}), min(sum(calls), ${MOST})
  FROM (
    SELECT minute, cost, tokens, calls FROM spending WHERE budget = ?1 AND minute >= ?2
    UNION ALL
    SELECT minute, minute_cost, minute_tokens, minute_calls FROM accounts WHERE budget = ?1 AND minute >= ?2
  )
  GROUP BY minute ORDER BY minute`;

/**
 * The columns that a charge sets, once the minute before is kept.
 * @param minute SQL of the present minute, as are the others of what is charged
 */
export function inMinute(minute: string, cost: string, tokens: string, calls: string): string {
  const sum = (column: string, more: string): string =>
    `${column} = iif(minute = ${minute}, ${column}, 0) + ${more}`;
  return [
    `minute = ${minute}`,
    sum('minute_cost', cost),
    sum('minute_tokens', tokens),
    sum('minute_calls', calls),
  ].join(', ');
}

/** Before a charge in a transaction: keeps what the account was charged in the minute of its last charge, where that is over. */
export function keepMinute(
  connection: SqliteConnection,
  { id, minute: last }: { readonly id: number; readonly minute: number },
  minute: number,
): void {
  if (last === minute || last === 0) return;
  connection.run(KEEP_MINUTE, id);
  connection.run(FORGET, minute - SPENDING_KEPT_MS);
}

/** The same of the accounts of reservations whose leases have ended. */
export function keepMinutesOfLapsed(connection: SqliteConnection, minute: number, now: number): void {
  connection.run(KEEP_MINUTES_OF_LAPSED, minute, now);
}

/** The minute that a moment lies in, milliseconds since the epoch. */
export function minuteOf(now: number): number {
  return now - (now % MINUTE_MS);
}

/** What a budget was charged, minute by minute. */
export function spendingOf(connection: SqliteConnection, budget: string, now: number): Spending[] {
  return connection.all(OF_BUDGET, budget, now - SPENDING_KEPT_MS).map(([minute, cost, tokens, calls]) => ({
    minute: Number(minute),
    used: { costNanoUsd: Number(cost), tokens: Number(tokens), calls: Number(calls) },
  }));
}
