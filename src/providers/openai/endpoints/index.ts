export { endpointSupport } from './endpoint-support.ts';
export { ENDPOINTS, endpointOf } from './endpoint-table.ts';
export {
  integerBetween,
  listedImageTokens,
  MAX_IMAGE_TOKENS,
  TRANSCRIPTION,
  videoOf,
} from './pricing/index.ts';
