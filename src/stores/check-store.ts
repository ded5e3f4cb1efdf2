import type { StoreSetupError } from '../budget/index.ts';
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

/**
 * Returns the line for a store that cannot be used until its set-up is corrected.
 * @param setting the name of the setting
 * @param store its value, which is shown without user and password
 */
export function describeSetupError(
  { expected, message }: StoreSetupError,
  setting: string,
  store: string,
): string {
  // Up to the last @: a password that is not encoded may contain a slash.
  const shown = store.replace(/\/\/.*@/s, '//***@');
  return `${setting}: got ${JSON.stringify(shown)}, expected ${expected}. ${message}`;
}
