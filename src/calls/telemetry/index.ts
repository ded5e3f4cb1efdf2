export { recordOutputChunk, recordTokens } from './call-metrics.ts';
export {
  captureOutput,
  reportAdmission,
  reportDenial,
  reportEnd,
  responseAttributes,
  setRemaining,
  startCallSpan,
} from './call-report.ts';
export { outputAttributes } from './content-attributes.ts';
export { identityAttributes } from './request-attributes.ts';
