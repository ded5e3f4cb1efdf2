export { MemoryStore } from './memory-store.ts';
export { type Ledger, openLedger } from './open-ledger.ts';
export { openStore, type StoreSettings } from './open-store.ts';
export { ResilientStore, type ResilientStoreOptions } from './resilient-store.ts';
