import type { Ledger } from './kinds/index.ts';
import { parseStoreUrl, storeKindOf } from './store-url.ts';

/**
 * Opens the ledger of a shared store for an operator: its failures are not hidden, and a ledger that does not
 * exist is not created.
 * @param store `sqlite:PATH`, or the URL of a Redis
 * @param waitMs how long an answer of the store is waited for, milliseconds
 * @param create whether a ledger that does not exist is created after all; default: false
 * @throws StoreError if there is no such ledger, if it is in the memory of a process, or if `store` is not a
 * store's URL
 * @example
 * ```ts
 * const ledger = openLedger('sqlite:./budget.db', 500);
 * for (const { budget, balances } of await ledger.accounts()) console.log(budget, balances.settled);
 * await ledger.close();
 * ```
 */
export function openLedger(
  store: string,
  waitMs: number,
  { create = false }: { readonly create?: boolean } = {},
): Ledger {
  const url = parseStoreUrl(store);
  return storeKindOf(url).openLedger(url, waitMs, create);
}
