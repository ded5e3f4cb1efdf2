export { onAnyBudgetEvent } from './listeners.ts';
export type { RecordedUsage } from './recorded-usage.ts';
export type { Reserve, Reserved, ReserveResult } from './reservations.ts';
export { LEASE_MS, type PartOf, TokenBudgetTracker, type TrackerOptions } from './tracker.ts';
