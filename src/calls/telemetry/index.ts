export { identityAttributes, responseAttributes } from './call-attributes.ts';
export {
  captureOutput,
  recordTokens,
  reportAdmission,
  reportDenial,
  reportEnd,
  setRemaining,
  startCallSpan,
} from './call-report.ts';
