export { BatchFiles } from './batch-files.ts';
export {
  DEFERRED_LEASE_MS,
  type DeferredCall,
  DeferredCalls,
  deferredReservationName,
} from './deferred-calls.ts';
