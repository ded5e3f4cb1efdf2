import type { SqliteConnection } from '../connection.ts';
import { NO_LEASE } from '../schema.ts';
import { archiveExpiredMinutes, minuteAssignments, startOfMinute } from './spending.ts';

const HAS_EXPIRED = 'SELECT 1 FROM accounts WHERE lease_until <= ? LIMIT 1';

const CHARGE_EXPIRED = `
  UPDATE accounts SET settled_cost = settled_cost + held.cost, settled_tokens = settled_tokens + held.tokens,
    settled_calls = settled_calls + held.calls, reserved_cost = reserved_cost - held.cost,
    reserved_tokens = reserved_tokens - held.tokens, reserved_calls = reserved_calls - held.calls,
    open = open - held.count, generation = generation + 1, ${minuteAssignments('?1', 'held.cost', 'held.tokens', 'held.calls')}
  FROM (
    SELECT account, sum(cost) AS cost, sum(tokens) AS tokens, sum(calls) AS calls, count(*) AS count
    FROM reservations WHERE lease_until <= ?2 GROUP BY account
  ) AS held
  WHERE accounts.id = held.account`;

const DELETE_EXPIRED = 'DELETE FROM reservations WHERE lease_until <= ?';

const CLEAR_LEASES = `UPDATE accounts SET lease_until = ${NO_LEASE} WHERE open = 0 AND lease_until < ${NO_LEASE}`;

const UPDATE_LEASES = `
  UPDATE accounts SET lease_until = held.lease_until
  FROM (SELECT account, min(lease_until) AS lease_until FROM reservations GROUP BY account) AS held
  WHERE accounts.id = held.account AND accounts.lease_until <> held.lease_until`;

/**
 * Charges the reservations whose leases have ended in full: their processes are dead. A step of a
 * transaction.
 *
 * Each account has a time before which no lease of its reservations ends, so that a call need not search
 * them. It stays as it is if leases are extended or reservations end early: then none is found here, and it
 * is updated.
 */
export function chargeExpired(connection: SqliteConnection, now: number): void {
  if (connection.get(HAS_EXPIRED, now) === undefined) return;
  const minute = startOfMinute(now);
  archiveExpiredMinutes(connection, minute, now);
  connection.run(CHARGE_EXPIRED, minute, now);
  connection.run(DELETE_EXPIRED, now);
  connection.run(CLEAR_LEASES);
  connection.run(UPDATE_LEASES);
}
