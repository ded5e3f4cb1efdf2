export { Call, startCall, tryStartCall } from './call.ts';
export { chargeUsage } from './cost/index.ts';
export { type BudgetOptions, NoBudgetError, resolveServices } from './default-services.ts';
export { settleDeferredCall } from './deferred/index.ts';
export { isRefusal, StreamAbortedError } from './failure-billing.ts';
export type { FailureBilling, FailureCharge } from './failure-charges.ts';
export { HostTelemetry } from './host-telemetry.ts';
export { enclosingRequest, passOn, type SentRequest, sendInside } from './nested/index.ts';
export { getPreloaded, type Preloaded, setPreloaded } from './preloaded.ts';
export { reportUnmetered } from './report-unmetered.ts';
export {
  abandonIfCollected,
  abandonIfUnread,
  type BodySink,
  BufferedBodySink,
  guardRawResponse,
  guardStream,
  isRawResponse,
  type RawResponse,
  SseBodySink,
  StreamGuard,
} from './response/index.ts';
export { type ActiveCall, type CallServices, type CallTelemetry, createCallServices } from './services.ts';
export { identityAttributes } from './telemetry/index.ts';
