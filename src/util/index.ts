export { BoundedMap } from './bounded-map.ts';
export { isRecord, oneOrMany, parseJson, recordsOf } from './json.ts';
export { inTurns } from './map-with-concurrency.ts';
export { afterwards, ignoreRejection, isPromise, type MaybePromise } from './maybe-promise.ts';
export { RecentMap } from './recent-map.ts';
export { SeenOnce } from './seen-once.ts';
export { formatGiven } from './show-value.ts';
export { type Fields, fieldsOf, jsonOf, listOf, textOf } from './values.ts';
