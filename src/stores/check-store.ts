import { parseStoreUrl, storeKindOf } from './store-url.ts';

/**
 * Checks a store as far as that is possible in less than a millisecond, without opening it: whether the directory of
 * an SQLite file exists, whether the file is a database that can be written, whether the package `redis` is installed.
 * It must be called before the process opens a store.
 * @param store `memory`, `sqlite:PATH`, or the URL of a Redis
 * @throws StoreSetupError if the store cannot be used
 * @throws StoreError if `store` is not a store's URL
 */
export function checkStore(store: string): void {
  const url = parseStoreUrl(store);
  storeKindOf(url).check(url);
}
