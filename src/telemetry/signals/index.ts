export { describeExceeded } from './budget-events.ts';
export { observeBudgets, recordBudgets } from './budget-metrics.ts';
export { emitException, emitInferenceDetails } from './call-events.ts';
export { type CallInstruments, createCallInstruments, TOKEN_KIND_NAMES } from './call-instruments.ts';
export type { ConventionInstruments } from './convention-instruments.ts';
export { reportToHostProviders } from './host-providers.ts';
export { reportEvents } from './report-events.ts';
