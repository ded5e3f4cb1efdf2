import {
  addGrants,
  type Balances,
  type BudgetDefinition,
  type Grant,
  grantAfterReset,
  type LedgerAccount,
  NO_GRANT,
  parseDefinition,
} from '../../../budget/index.ts';
import type { SqliteConnection } from '../connection.ts';
import { ACCOUNT_COLUMNS, openAccount, toStoredAccount } from './accounts.ts';
import { toIntegers } from './amounts.ts';

const SELECT_ALL = `SELECT budget, window_start, window_end, ${ACCOUNT_COLUMNS} FROM accounts`;

const UPDATE_GRANT = `
  UPDATE accounts SET granted_cost = ?, granted_tokens = ?, granted_calls = ?, granted_ms = ?,
    generation = generation + 1
  WHERE id = ?`;

const RESET = `
  UPDATE accounts SET settled_cost = 0, settled_tokens = 0, settled_calls = 0, started_at = ?,
    generation = generation + 1
  WHERE id = ?`;

const CONFIRM = 'UPDATE ledger SET confirmed_at = ?';

/** Returns all accounts. */
export function listAccounts(connection: SqliteConnection): LedgerAccount[] {
  return connection.all(SELECT_ALL).map(([budget, start, end, ...account]): LedgerAccount => {
    const { balances, definition } = toStoredAccount(account);
    const parsed = parseDefinition(definition);
    return {
      budget: String(budget),
      ...(end === null ? {} : { window: { start: Number(start), end: Number(end) } }),
      ...(parsed === undefined ? {} : { definition: parsed }),
      balances,
    };
  });
}

/** Confirms the file: processes that knew another one accept it. @param now milliseconds since the epoch */
export function confirmLedger(connection: SqliteConnection, now: number): void {
  connection.run(CONFIRM, now);
}

/** Adds a grant to an account; returns the new balances. A step of a transaction. */
export function raiseAccount(
  connection: SqliteConnection,
  budget: BudgetDefinition,
  grant: Grant,
  now: number,
): Balances {
  const { id, balances } = openAccount(connection, budget, now);
  const granted = addGrants(balances.granted ?? NO_GRANT, grant);
  setGrant(connection, id, granted);
  return { ...balances, granted };
}

/** Resets an account; returns the balances before. A step of a transaction. */
export function resetAccount(connection: SqliteConnection, budget: BudgetDefinition, now: number): Balances {
  const { id, balances } = openAccount(connection, budget, now);
  setGrant(connection, id, grantAfterReset(balances) ?? NO_GRANT);
  connection.run(RESET, now, id);
  return balances;
}

function setGrant(connection: SqliteConnection, id: number, granted: Grant): void {
  connection.run(UPDATE_GRANT, ...toIntegers(granted), BigInt(granted.milliseconds), id);
}
