import { memoryKind } from './memory.ts';
import { redisKind } from './redis.ts';
import { sqliteKind } from './sqlite.ts';
import type { StoreKind } from './store-kind.ts';

export { defaultStateDirectory } from './state-directory.ts';
export type { Ledger, OpenOptions, StoreKind } from './store-kind.ts';

const KINDS = [memoryKind, sqliteKind, redisKind] as const;

/** The parsed URL of a store of any kind. */
export type StoreUrl = NonNullable<ReturnType<(typeof KINDS)[number]['parseUrl']>>;

/**
 * The kinds of stores. A new one is a folder of `stores/`, a file that describes it here, and an entry in
 * this list.
 */
export const STORE_KINDS: readonly StoreKind<StoreUrl>[] = KINDS;
