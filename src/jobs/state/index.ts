export { type CallRecord, toCallRecord } from './call-record.ts';
export { type ChargeReport, toChargeReport, JobCallTotals, CallTotals, type UsageReport } from './call-totals.ts';
export { type JobCheckpoint, type JobReason, type SavedStep, formatCheckpoint } from './checkpoint.ts';
export { type RecoveredJob, recoverJob, ownerOf, settleEarlierRuns } from './recovery.ts';
export { findJobSummary, type JobSummary, listJobs } from './registry.ts';
