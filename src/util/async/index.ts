export { type Backoff, backoffMs } from './backoff.ts';
export { CoalescedRefresh } from './coalesced-refresh.ts';
export { keepAlive } from './keep-alive.ts';
export { mapWithConcurrency } from './map-with-concurrency.ts';
export { andThen, ignoreRejection, isPromise, type MaybePromise } from './maybe-promise.ts';
export { noteThreadRuns, type ThreadWait, waitForThread } from './wait-for-thread.ts';
export { withTimeout } from './with-timeout.ts';
