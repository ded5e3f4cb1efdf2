export type { LedgerPauses } from './known-ledger.ts';
export { LedgerMemory } from './ledger-memory.ts';
