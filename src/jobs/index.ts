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
export {
  type BudgetStatusOptions,
  type InstrumentClientOptions,
  instrumentClient,
  withBudgetStatus,
} from '../clients/openai-sdk/index.ts';
export {
  type CallBody,
  type CallOptions,
  type CallResult,
  callJson,
  callText,
  type JsonCallResult,
  type JsonSchema,
  type OpenAIClient,
  ResponseError,
  type ResponseFault,
  type SchemaIssue,
  type SchemaResult,
} from './calls/index.ts';
export {
  defineJob,
  type JobContext,
  type JobDefinition,
  type Step,
  type StepContext,
  type StepFunction,
  type StepIterator,
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
  type StopReason,
} from './errors.ts';
export { initializeTokenBudgetForJob, type JobBudgetOptions } from './job-budget.ts';
export { LongRunningOrchestrator, type OrchestratorOptions } from './orchestrator.ts';
export {
  type AllowanceOptions,
  checkJobPayload,
  JOB_UNITS,
  type JobAllowance,
  type JobPayload,
  type JobUnit,
  jobAllowance,
} from './payload.ts';
export {
  type Efficiency,
  formatJobList,
  formatJobResult,
  type JobResult,
  type StepReport,
} from './result/index.ts';
export { newJobId, type RunJobOptions, runJob } from './run-job.ts';
export type { JobRunOptions } from './run-options.ts';
export {
  type CallRecord,
  type ChargeReport,
  findJobSummary,
  JOB_REASONS,
  type JobCheckpoint,
  type JobLocation,
  type JobReason,
  type JobSummary,
  listJobs,
  type RecoveredJob,
  recoverJob,
  type SavedError,
  type SavedStep,
  type UsageReport,
} from './state/index.ts';
export {
  closeJobStores,
  FileJobStore,
  JOB_DIRECTORY,
  type JobLock,
  type JobStore,
  type JobStoreSettings,
  type JobStores,
  openJobStores,
  type StoredCheckpoint,
} from './stores/index.ts';
