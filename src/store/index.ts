export { MemoryStore } from './memory.ts';
export { type Ledger, openLedger } from './open-ledger.ts';
export { openStore, type StoreSettings } from './open-store.ts';
