export { type Backoff, backoffMs } from './backoff.ts';
export { CoalescedRefresh } from './coalesced-refresh.ts';
export { mapWithConcurrency } from './map-with-concurrency.ts';
export { andThen, ignoreRejection, isPromise, type MaybePromise } from './maybe-promise.ts';
export { withTimeout } from './with-timeout.ts';
