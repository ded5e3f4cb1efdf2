export { checkStore, describeSetupError } from './check-store.ts';
export type { Ledger, StoreUrl } from './kinds/index.ts';
export { MemoryStore } from './memory-store.ts';
export { openLedger } from './open-ledger.ts';
export { DEFAULT_STORE_WAIT_MS, openStore, type StoreSettings } from './open-store.ts';
export { ResilientStore, type ResilientStoreOptions } from './resilient-store.ts';
export { parseStoreUrl, STORE_URL_SYNTAX, tryParseStoreUrl } from './store-url.ts';
