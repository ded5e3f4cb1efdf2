export { onAnyBudgetEvent } from './listeners.ts';
export { nestTracker } from './nested-tracker.ts';
export type { RecordedUsage } from './recorded-usage.ts';
export type { Reserve, Reserved, ReserveResult } from './reservations.ts';
export { type PartOf, TokenBudgetTracker } from './tracker.ts';
export { LEASE_MS, type RestoreOptions, type TrackerOptions } from './tracker-options.ts';
