import { MINUTE_MS, SPENDING_KEPT_MS, type Spending } from '../../../budget/index.ts';
import type { SqliteConnection } from '../connection.ts';
import { MAX_INTEGER } from './amounts.ts';

/**
 * What is settled on an account is also recorded by the minute. The minute of its last charge is in the
 * account's own row, which a charge writes anyway; the first charge in another minute moves it to the table
 * `spending`.
 */
const ARCHIVE =
  'INSERT INTO spending SELECT minute, budget, minute_cost, minute_tokens, minute_calls FROM accounts';

const ADD_ON_CONFLICT = `
  ON CONFLICT DO UPDATE SET cost = cost + excluded.cost, tokens = tokens + excluded.tokens, calls = calls + excluded.calls`;

const ARCHIVE_MINUTE = `${ARCHIVE} WHERE id = ? ${ADD_ON_CONFLICT}`;

const ARCHIVE_EXPIRED_MINUTES = `
  ${ARCHIVE} WHERE minute NOT IN (0, ?) AND id IN (SELECT account FROM reservations WHERE lease_until <= ?) ${ADD_ON_CONFLICT}`;

const DELETE_OLD = 'DELETE FROM spending WHERE minute < ?';

const SELECT_SPENDING = `
  SELECT minute, min(sum(cost), ${MAX_INTEGER}), min(sum(tokens), ${MAX_INTEGER}), min(sum(calls), ${MAX_INTEGER})
  FROM (
    SELECT minute, cost, tokens, calls FROM spending WHERE budget = ?1 AND minute >= ?2
    UNION ALL
    SELECT minute, minute_cost, minute_tokens, minute_calls FROM accounts WHERE budget = ?1 AND minute >= ?2
  )
  GROUP BY minute ORDER BY minute`;

/**
 * Returns the assignments to the minute's columns that a charge makes, once the minute before is archived.
 * @param minute SQL of the present minute; the others are SQL of what is charged
 */
export function minuteAssignments(minute: string, cost: string, tokens: string, calls: string): string {
  const sum = (column: string, more: string): string =>
    `${column} = iif(minute = ${minute}, ${column}, 0) + ${more}`;
  return [
    `minute = ${minute}`,
    sum('minute_cost', cost),
    sum('minute_tokens', tokens),
    sum('minute_calls', calls),
  ].join(', ');
}

/**
 * Archives the minute of an account's last charge, if that is over. A step of a transaction, before a charge.
 */
export function archiveMinute(
  connection: SqliteConnection,
  { id, minute: last }: { readonly id: number; readonly minute: number },
  minute: number,
): void {
  if (last === minute || last === 0) return;
  connection.run(ARCHIVE_MINUTE, id);
  // By both: one of them may be that of a clock that was wrong.
  connection.run(DELETE_OLD, Math.min(last, minute) - SPENDING_KEPT_MS);
}

/** The same for all accounts with reservations whose leases have ended. */
export function archiveExpiredMinutes(connection: SqliteConnection, minute: number, now: number): void {
  connection.run(ARCHIVE_EXPIRED_MINUTES, minute, now);
}

/** Returns the start of the minute that a moment is in, milliseconds since the epoch. */
export function startOfMinute(now: number): number {
  return now - (now % MINUTE_MS);
}

/** Returns what a budget was charged, minute by minute. */
export function readSpending(connection: SqliteConnection, budget: string, now: number): Spending[] {
  return connection
    .all(SELECT_SPENDING, budget, now - SPENDING_KEPT_MS)
    .map(([minute, cost, tokens, calls]) => ({
      minute: Number(minute),
      used: { costNanoUsd: Number(cost), tokens: Number(tokens), calls: Number(calls) },
    }));
}
