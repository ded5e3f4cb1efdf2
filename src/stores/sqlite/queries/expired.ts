import type { SqliteConnection } from '../connection.ts';
import { NEVER } from '../schema.ts';
import { inMinute, keepMinutesOfLapsed, minuteOf } from './spending.ts';

const HAS_LAPSED = 'SELECT 1 FROM accounts WHERE lease_until <= ? LIMIT 1';

const CHARGE = `
  UPDATE accounts SET settled_cost = settled_cost + held.cost, settled_tokens = settled_tokens + held.tokens,
    settled_calls = settled_calls + held.calls, reserved_cost = reserved_cost - held.cost,
    reserved_tokens = reserved_tokens - held.tokens, reserved_calls = reserved_calls - held.calls,
    open = open - held.count, ${inMinute('?1', 'held.cost', 'held.tokens', 'held.calls')}
  FROM (
    SELECT account, sum(cost) AS cost, sum(tokens) AS tokens, sum(calls) AS calls, count(*) AS count
    FROM reservations WHERE lease_until <= ?2 GROUP BY account
  ) AS held
  WHERE accounts.id = held.account`;

const END = 'DELETE FROM reservations WHERE lease_until <= ?';

const FORGET_ENDS = `UPDATE accounts SET lease_until = ${NEVER} WHERE open = 0 AND lease_until < ${NEVER}`;

const FIND_ENDS = `
  UPDATE accounts SET lease_until = held.lease_until
  FROM (SELECT account, min(lease_until) AS lease_until FROM reservations GROUP BY account) AS held
  WHERE accounts.id = held.account AND accounts.lease_until <> held.lease_until`;

/**
 * Charges in full what processes held that are dead: the reservations whose leases have ended. In a transaction.
 *
 * Each account knows a moment before which no lease of its reservations ends, so that they need not be looked through for each
 * call. It is left as it is when leases are put off or end early: then nothing is found here, and it is set anew.
 */
export function endLapsed(connection: SqliteConnection, now: number): void {
  if (connection.get(HAS_LAPSED, now) === undefined) return;
  const minute = minuteOf(now);
  keepMinutesOfLapsed(connection, minute, now);
  connection.run(CHARGE, minute, now);
  connection.run(END, now);
  connection.run(FORGET_ENDS);
  connection.run(FIND_ENDS);
}
