export { startSdk, type Telemetry, type TelemetryOptions } from './start-sdk.ts';
