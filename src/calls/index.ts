export { beginCall } from './begin-call.ts';
export { beginSafely } from './begin-safely.ts';
export type { Call } from './call.ts';
export { priceUsage } from './cost/index.ts';
export { type BudgetOptions, NoBudgetError, userHost } from './default-services.ts';
export { settleWork } from './deferred/index.ts';
export { safely } from './fail-open.ts';
export { failureCost, isRefusal, StreamAbortedError } from './failure-billing.ts';
export { ActiveCalls } from './memory/index.ts';
export { type Preloaded, preloaded, setPreloaded } from './preloaded.ts';
export { countedBy, sendCounted } from './reentrancy-guard.ts';
export { tellNotCounted } from './report-unmetered.ts';
export {
  type AnswerSink,
  EventSink,
  endIfDropped,
  endIfUnread,
  isRawResponse,
  meteredStream,
  type RawResponse,
  StreamMeter,
  WholeSink,
  watchResponse,
} from './response/index.ts';
export { type CallHost, createCallHost } from './services.ts';
export { identityAttributes } from './telemetry/index.ts';
