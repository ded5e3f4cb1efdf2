export { type CallRecord, toCallRecord } from './call-record.ts';
export {
  CallTotals,
  type ChargeReport,
  JobCallTotals,
  toChargeReport,
  type UsageReport,
} from './call-totals.ts';
export {
  formatCheckpoint,
  JOB_REASONS,
  type JobCheckpoint,
  type JobReason,
  type SavedError,
  type SavedStep,
} from './checkpoint.ts';
export { ownerOf, type RecoveredJob, recoverJob, settleEarlierRuns } from './recovery.ts';
export { findJobSummary, type JobLocation, type JobSummary, listJobs } from './registry.ts';
