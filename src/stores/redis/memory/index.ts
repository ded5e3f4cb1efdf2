export { LedgerMemory } from './ledger-memory.ts';
