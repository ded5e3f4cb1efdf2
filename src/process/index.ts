export type {
  DiagnosisRequest,
  ExportReport,
  LoadedPackage,
  ProbeReport,
  ProcessReport,
  ProviderReport,
  SdkCopyReport,
} from './diagnosis/index.ts';
export { type JobFileOptions, runJobFile } from './job-process.ts';
export { preloadBudget } from './preload.ts';
export { flush, type StartBudgetOptions, type StartedBudget, startBudget } from './start-budget.ts';
