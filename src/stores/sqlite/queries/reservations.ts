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
import type { Row, SqliteConnection } from '../connection.ts';
import { accountOf, COLUMNS, type StoredAccount } from './accounts.ts';
import { integers, MOST } from './amounts.ts';
import { inMinute, keepMinute, minuteOf } from './spending.ts';

const IS_OPEN = 'SELECT 1 FROM reservations WHERE id = ? AND lease_until > ? LIMIT 1';

const TAKE = `
  INSERT INTO reservations (id, account, cost, tokens, calls, lease_until) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING`;

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
  SELECT budget, window_end, cost, tokens, calls, ${COLUMNS}
  FROM reservations AS held JOIN accounts ON accounts.id = account
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

const RENAME = 'UPDATE reservations SET id = ?, lease_until = ? WHERE id = ?';

const END_BEFORE = `
  UPDATE accounts SET lease_until = min(lease_until, ?) WHERE id IN (SELECT account FROM reservations WHERE id = ?)`;

const END = 'DELETE FROM reservations WHERE id = ?';

const FIND_BY_PREFIX = `
  SELECT id, max(cost), max(tokens), max(calls) FROM reservations
  WHERE substr(id, 1, length(?1)) = ?1 GROUP BY id`;

const RENEW = 'UPDATE reservations SET lease_until = max(lease_until, ?) WHERE id = ? AND lease_until > ?';

/** All of these are steps of a transaction. A lease that has ended by then, but was not charged yet, is not open any more. */
export function isOpen(connection: SqliteConnection, id: string, now: number): boolean {
  return connection.get(IS_OPEN, id, now) !== undefined;
}

/**
 * @param leaseUntil when it is charged in full, milliseconds since the epoch
 * @throws StoreError where it is open already
 */
export function take(
  connection: SqliteConnection,
  id: string,
  accounts: readonly StoredAccount[],
  amounts: Amounts,
  leaseUntil: number,
): void {
  const held = integers(amounts);
  for (const account of accounts) {
    if (connection.run(TAKE, id, account.id, ...held, leaseUntil) === 0) {
      throw new StoreError(`The reservation "${id}" is open already.`);
    }
    connection.run(HOLD, ...held, leaseUntil, account.id);
  }
}

export function growBy(connection: SqliteConnection, id: string, more: Amounts): void {
  const amounts = integers(more);
  connection.run(HOLD_MORE, ...amounts, id);
  connection.run(GROW, ...amounts, id);
}

/** The balances of a budget, by its name. */
export type BalancesOf = readonly [budget: string, balances: Balances];

/**
 * Charges what was used and frees the reservation.
 * @returns the balances that this leaves, of present windows in which no lease has ended; undefined where the reservation is not
 * open, or its lease has ended
 */
export function end(
  connection: SqliteConnection,
  id: string,
  used: Amounts,
  now: number,
): readonly BalancesOf[] | undefined {
  const holds = connection.all(HOLDS, id, now).map(holdOf);
  for (const { account, held } of holds) {
    const freed = [...integers(held), account.id] as const;
    if (used === NOTHING) connection.run(FREE, ...freed);
    else connection.run(SETTLE, ...spent(connection, account, used, now), ...freed);
  }
  if (holds.length === 0) return undefined;
  connection.run(END, id);
  return holds.flatMap((hold) => leftBy(hold, used, now));
}

/** What a reservation holds of one account, as it was before it ends. */
interface Hold {
  readonly budget: string;
  readonly windowEnd: number;
  readonly held: Amounts;
  readonly account: StoredAccount;
}

function holdOf([budget, windowEnd, cost, tokens, calls, ...account]: Row): Hold {
  return {
    budget: String(budget),
    windowEnd: windowEnd === null ? Infinity : Number(windowEnd),
    held: { costNanoUsd: Number(cost), tokens: Number(tokens), calls: Number(calls) },
    account: accountOf(account),
  };
}

/** The balances that the end of a reservation leaves, which need not be read for that. */
function leftBy({ budget, windowEnd, held, account }: Hold, used: Amounts, now: number): BalancesOf[] {
  const { balances, leaseUntil } = account;
  const settled = addAmounts(balances.settled, used);
  // What is beyond what a number tells exactly has to be read.
  const exact = LIMIT_OF.every(([amount]) => settled[amount] < MOST && balances.reserved[amount] < MOST);
  if (!exact || leaseUntil <= now || windowEnd <= now) return [];
  const reserved = subtractAmounts(balances.reserved, held);
  return [[budget, { ...balances, settled, reserved, open: balances.open - 1 }]];
}

/** Charges without a reservation. */
export function chargeAccount(
  connection: SqliteConnection,
  account: StoredAccount,
  used: Amounts,
  now: number,
): void {
  if (used !== NOTHING) connection.run(CHARGE, ...spent(connection, account, used, now), account.id);
}

/** What a charge adds to an account, and in which minute. */
function spent(
  connection: SqliteConnection,
  account: StoredAccount,
  used: Amounts,
  now: number,
): [cost: bigint, tokens: bigint, calls: bigint, minute: number] {
  const minute = minuteOf(now);
  keepMinute(connection, account, minute);
  return [...integers(used), minute];
}

/** Gives an open reservation another name, that is not taken, and another lease. */
export function rename(connection: SqliteConnection, id: string, to: string, leaseUntil: number): void {
  connection.run(RENAME, to, leaseUntil, id);
  connection.run(END_BEFORE, leaseUntil, to);
}

/** Charges in full the reservations whose ids begin so. */
export function endAbandoned(connection: SqliteConnection, idPrefix: string, now: number): Abandoned[] {
  const abandoned = connection.all(FIND_BY_PREFIX, idPrefix).map(([id, cost, tokens, calls]) => ({
    id: String(id),
    charged: { costNanoUsd: Number(cost), tokens: Number(tokens), calls: Number(calls) },
  }));
  for (const { id, charged } of abandoned) end(connection, id, charged, now);
  return abandoned;
}

/** Puts off the end of a lease; of a reservation that is not open, nothing. */
export function renew(connection: SqliteConnection, id: string, now: number, leaseUntil: number): void {
  connection.run(RENEW, leaseUntil, id, now);
}
