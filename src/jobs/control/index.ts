export { isRetryable, stopReasonOf, toSavedError } from './retry-policy.ts';
export { exitBySignal, listenForStopSignals } from './signals.ts';
export { StopSwitch } from './stop-switch.ts';
