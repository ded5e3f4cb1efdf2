export { RecordModelCallsSampler, type SdkSampler } from './sampler.ts';
export { BudgetSpanProcessor } from './span-processor.ts';
