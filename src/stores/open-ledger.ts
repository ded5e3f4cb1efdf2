import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type LedgerAdmin, type Store, StoreError } from '../budget/index.ts';
import type * as Redis from './redis/index.ts';
import type * as Sqlite from './sqlite/index.ts';

/** A shared ledger, to be looked at and administered. */
export type Ledger = Store & LedgerAdmin;

const require = createRequire(import.meta.url);

/**
 * Opens the ledger of a store that processes share, for an operator: nothing hides its failures, and none is made where
 * there is none.
 * @param store `sqlite:PATH`, or the URL of a Redis
 * @throws StoreError where it is in the memory of a process, or there is no such file
 */
export function openLedger(store: string, timeoutMs: number): Ledger {
  if (store.startsWith('sqlite:')) {
    const path = store.slice('sqlite:'.length);
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
      throw new StoreError(
        `There is no ledger ${path}: it is made by the first process that runs with TOKEN_BUDGET_STORE=${store}.`,
      );
    }
    const { SqliteStore } = require('./sqlite/index.js') as typeof Sqlite;
    return new SqliteStore(path, { busyTimeoutMs: timeoutMs });
  }
  if (/^rediss?:/.test(store)) {
    const { RedisStore } = require('./redis/index.js') as typeof Redis;
    return new RedisStore({ url: store, timeoutMs });
  }
  throw new StoreError(
    'The ledger is in the memory of each process, where nobody else can look at it. Share it: TOKEN_BUDGET_STORE=sqlite:./budget.db, or ' +
      'the URL of a Redis.',
  );
}
