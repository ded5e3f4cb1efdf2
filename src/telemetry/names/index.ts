export { SCOPE } from './scope.ts';
export * as semconv from './semconv.ts';
export { type UsageSource, usageAttributes } from './usage-attributes.ts';
