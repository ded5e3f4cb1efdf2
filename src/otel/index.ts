export { hasTracerProvider } from './host-provider.ts';
export { RecordModelCallsSampler } from './sampler.ts';
export { reportToHost, startSdk, type Telemetry, type TelemetryOptions } from './sdk.ts';
export { BudgetSpanProcessor } from './span-processor.ts';
