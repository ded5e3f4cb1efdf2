export { type CallRecord, recordOf } from './call-record.ts';
export { type ChargeReport, chargeReport, JobTally, Tally, type UsageReport } from './call-totals.ts';
export { type JobCheckpoint, type JobReason, type KeptStep, writeCheckpoint } from './checkpoint.ts';
export { type Found, findJob, ownerOf, settleEarlierRuns } from './recovery.ts';
export { findJobSummary, type JobSummary, listJobs } from './registry.ts';
