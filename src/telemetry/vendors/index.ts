export { RecordModelCallsSampler } from './sampler.ts';
export { BudgetSpanProcessor } from './span-processor.ts';
