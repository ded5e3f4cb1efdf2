export {
  type BudgetStatus,
  CheckpointError,
  type CheckpointFault,
  getBudgetStatusMessage,
  type StatusFormat,
  type StatusMessageOptions,
  TokenBudgetTracker,
  type TrackerOptions,
} from '../budget/index.ts';
export { type BudgetStatusOptions, withBudgetStatus } from '../openai/budget-status.ts';
export { type MeterOptions, meterClient } from '../openai/meter-client.ts';
export { AnswerError, type AnswerFault } from './answer-error.ts';
export { callJson, type Issue, type JsonCallResult, type JsonSchema, type Validated } from './call-json.ts';
export type { CallRecord } from './call-record.ts';
export {
  type CallBody,
  type CallOptions,
  type CallResult,
  callText,
  type OpenAIClient,
} from './call-text.ts';
export type { JobCheckpoint, JobReason, KeptStep } from './checkpoint.ts';
export {
  defineJob,
  type JobContext,
  type JobDefinition,
  type Step,
  type StepContext,
  type StepFunction,
  type StepOrGroup,
  type Steps,
} from './definition.ts';
export {
  JobDefinitionError,
  JobNotFoundError,
  JobRunningError,
  JobStoppedError,
  StepInterruptedError,
  StepOutputError,
} from './errors.ts';
export { initializeTokenBudgetForJob, type JobBudgetOptions } from './job-budget.ts';
export type { FoundCheckpoint, JobLock, JobStore } from './job-store.ts';
export { LongRunningOrchestrator, type OrchestratorOptions } from './orchestrator.ts';
export {
  type AllowanceOptions,
  checkJobPayload,
  type JobAllowance,
  type JobPayload,
  type JobUnit,
  jobAllowance,
} from './payload.ts';
export { type Found, findJob } from './recover.ts';
export { findJobSummary, type JobSummary, listJobs } from './registry.ts';
export { describeJobs, describeResult } from './report.ts';
export type { Efficiency, JobResult, StepReport } from './result.ts';
export { newJobId, type RunJobOptions, runJob } from './run-job.ts';
export type { RunOptions } from './run-options.ts';
export { FileJobStore } from './stores/files.ts';
export { JOB_DIRECTORY, type JobStoreSettings, type JobStores, openJobStores } from './stores/open.ts';
export type { ChargeReport, UsageReport } from './tally.ts';
