export { hasTracerProvider } from './host-provider.ts';
export { reportToHost } from './report-to-host.ts';
export { RecordModelCallsSampler } from './sampler.ts';
export type { Telemetry, TelemetryOptions } from './sdk.ts';
export { BudgetSpanProcessor } from './span-processor.ts';
