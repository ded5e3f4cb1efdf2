export {
  andThen,
  type Backoff,
  backoffMs,
  CoalescedRefresh,
  ignoreRejection,
  isPromise,
  keepAlive,
  type MaybePromise,
  mapWithConcurrency,
  noteThreadRuns,
  type ThreadWait,
  waitForThread,
  withTimeout,
} from './async/index.ts';
export { BoundedMap, SeenOnce } from './bounded-map.ts';
export { findClosestMatch, suggestClosest } from './closest-match.ts';
export {
  escapeControl,
  escapeLines,
  formatCount,
  formatDuration,
  formatJson,
  formatPercent,
  formatQuantity,
  formatTable,
  formatValue,
  type TableColumn,
  truncateText,
} from './format/index.ts';
export { type Indexed, IndexedList } from './indexed-list.ts';
export { isPlainRecord, isRecord, oneOrMany, parseJson, recordsOf } from './json.ts';
export { Listeners } from './listeners.ts';
export { findByLongestPrefix, type PrefixEntry } from './longest-prefix.ts';
export { memoizeByField } from './memoize.ts';
export {
  canLoadEntryModules,
  distFileUrl,
  entryModuleUrl,
  loadEntryModule,
  MANIFEST,
  packageFileUrl,
  VERSION,
} from './package-files.ts';
export { INTERNAL_VARIABLES, printLine, processState, shareClass, threadArgs } from './process/index.ts';
export { RecentList } from './recent-list.ts';
export { describeNodeProblem, EX_CONFIG, mainGlobal, satisfiesRange } from './runtime/index.ts';
export { newUniqueId } from './unique-id.ts';
export { errorMessage, type Fields, fieldsOf, jsonOf, listOf, textOf } from './values.ts';
