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
  ResponseError,
  type ResponseFault,
  type CallBody,
  type CallOptions,
  type CallResult,
  callJson,
  callText,
  type SchemaIssue,
  type JsonCallResult,
  type JsonSchema,
  type OpenAIClient,
  type SchemaResult,
} from './calls/index.ts';
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
export { LongRunningOrchestrator, type OrchestratorOptions } from './orchestrator.ts';
export {
  type AllowanceOptions,
  checkJobPayload,
  type JobAllowance,
  type JobPayload,
  type JobUnit,
  jobAllowance,
} from './payload.ts';
export {
  formatJobList,
  formatJobResult,
  type Efficiency,
  type JobResult,
  type StepReport,
} from './result/index.ts';
export { newJobId, type RunJobOptions, runJob } from './run-job.ts';
export type { JobRunOptions } from './run-options.ts';
export {
  type CallRecord,
  type ChargeReport,
  type RecoveredJob,
  recoverJob,
  findJobSummary,
  type JobCheckpoint,
  type JobReason,
  type JobSummary,
  type SavedStep,
  listJobs,
  type UsageReport,
} from './state/index.ts';
export {
  FileJobStore,
  type StoredCheckpoint,
  JOB_DIRECTORY,
  type JobLock,
  type JobStore,
  type JobStoreSettings,
  type JobStores,
  openJobStores,
} from './stores/index.ts';
