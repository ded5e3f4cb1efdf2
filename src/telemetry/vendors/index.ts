export { RecordModelCallsSampler, type SdkSampler } from './sampler.ts';
export type { EndedSpan, SdkSpan, SpanAttributes } from './sdk-span.ts';
export { BudgetSpanProcessor } from './span-processor.ts';
