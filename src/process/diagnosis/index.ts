export type {
  DiagnosisRequest,
  ExportReport,
  LoadedPackage,
  ProbeReport,
  ProcessReport,
  ProviderReport,
  SdkCopyReport,
} from './report.ts';
export { type DiagnosedProcess, startDiagnosis } from './start-diagnosis.ts';
