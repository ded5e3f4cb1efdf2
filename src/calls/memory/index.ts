export { ActiveCalls, type Indexed } from './active-calls.ts';
export { BatchFiles } from './batch-files.ts';
export { type KnownWork, reservationOf, WORK_LEASE_MS, WorkMemory } from './deferred-calls.ts';
