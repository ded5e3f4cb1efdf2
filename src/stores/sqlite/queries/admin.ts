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
import { accountOf, COLUMNS, presentAccount } from './accounts.ts';
import { integers } from './amounts.ts';

const ALL = `SELECT budget, window_start, window_end, ${COLUMNS} FROM accounts`;

const GRANT = `
  UPDATE accounts SET granted_cost = ?, granted_tokens = ?, granted_calls = ?, granted_ms = ? WHERE id = ?`;

const RESET = `
  UPDATE accounts SET settled_cost = 0, settled_tokens = 0, settled_calls = 0, started_at = ? WHERE id = ?`;

/** All accounts, once the leases that have ended are charged. */
export function allAccounts(connection: SqliteConnection): LedgerAccount[] {
  return connection.all(ALL).map(([budget, start, end, ...account]): LedgerAccount => {
    const { balances, definition } = accountOf(account);
    const seen = parseDefinition(definition);
    return {
      budget: String(budget),
      ...(end === null ? {} : { window: { start: Number(start), end: Number(end) } }),
      ...(seen === undefined ? {} : { definition: seen }),
      balances,
    };
  });
}

/** Steps of a transaction. */
export function raiseAccount(
  connection: SqliteConnection,
  budget: BudgetDefinition,
  grant: Grant,
  now: number,
): Balances {
  const { id, balances } = presentAccount(connection, budget, now);
  const granted = addGrants(balances.granted ?? NO_GRANT, grant);
  setGrant(connection, id, granted);
  return { ...balances, granted };
}

export function resetAccount(connection: SqliteConnection, budget: BudgetDefinition, now: number): Balances {
  const { id, balances } = presentAccount(connection, budget, now);
  setGrant(connection, id, grantAfterReset(balances) ?? NO_GRANT);
  connection.run(RESET, now, id);
  return balances;
}

function setGrant(connection: SqliteConnection, id: number, granted: Grant): void {
  connection.run(GRANT, ...integers(granted), BigInt(granted.milliseconds), id);
}
