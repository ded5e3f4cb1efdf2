export {
  captureOutput,
  recordTokens,
  reportAdmission,
  reportDenial,
  reportEnd,
  responseAttributes,
  setRemaining,
  startCallSpan,
} from './call-report.ts';
export { identityAttributes } from './request-attributes.ts';
