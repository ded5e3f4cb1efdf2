export { BoundedMap, SeenOnce } from './bounded-map.ts';
export { isRecord, oneOrMany, parseJson, recordsOf } from './json.ts';
export { inTurns } from './map-with-concurrency.ts';
export { afterwards, isPromise, type MaybePromise, quietly } from './maybe-promise.ts';
export { RecentMap } from './recent-map.ts';
export { shownGiven } from './show-value.ts';
export { type Fields, fieldsOf, jsonOf, listOf, textOf } from './values.ts';
