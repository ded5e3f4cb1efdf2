export { BudgetSpanProcessor, RecordModelCallsSampler } from '../vendors/index.ts';
export { hasTracerProvider, reportToHost } from './host-providers.ts';
export { metrics } from './sdk-packages.ts';
export type { Telemetry, TelemetryOptions } from './start-sdk.ts';
