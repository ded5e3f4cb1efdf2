export { type Charge, type ChargeContext, chargeUsage } from './charge.ts';
export { estimateUsage, fillMissingUsage, inputOf } from './estimate.ts';
export { exceededReason } from './exceeded.ts';
export { withPlausibleCounts } from './plausible-counts.ts';
export { ResponseHistory } from './response-history.ts';
export { boundedWorstCase, initialWorstCase, tokenizedWorstCase } from './worst-case.ts';
