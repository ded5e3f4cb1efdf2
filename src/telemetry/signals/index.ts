export { observeBudgets, recordBudgets } from './budget-metrics.ts';
export { createInstruments, type Instruments, TOKEN_KIND_NAMES } from './call-instruments.ts';
export { hasTracerProvider, reportToHost } from './host-providers.ts';
export { reportEvents } from './report-events.ts';
