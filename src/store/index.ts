export { MemoryStore } from './memory.ts';
export { openStore, type StoreSettings } from './open-store.ts';
