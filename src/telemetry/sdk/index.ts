export { BudgetSpanProcessor, RecordModelCallsSampler } from '../vendors/index.ts';
export { hasTracerProvider } from './host-provider.ts';
export { reportToHost } from './report-to-host.ts';
export { metrics } from './sdk-packages.ts';
export type { Telemetry, TelemetryOptions } from './start-sdk.ts';
