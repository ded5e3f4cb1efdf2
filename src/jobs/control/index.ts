export { keptError, mayRetry, reasonOf } from './retry-policy.ts';
export { endBy, listenForSignals } from './signals.ts';
export { StopSwitch } from './stop-switch.ts';
