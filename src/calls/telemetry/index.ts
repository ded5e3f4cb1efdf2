export { identityAttributes, responseAttributes } from './call-attributes.ts';
export { countDecision, recordCallMetrics } from './call-metrics.ts';
export {
  captureOutput,
  endCallSpan,
  endDeniedSpan,
  setAdmission,
  setRemaining,
  startCallSpan,
} from './call-span.ts';
