export { formatJobList, formatJobResult } from './format.ts';
export { buildResult, type Efficiency, type JobResult, type StepReport } from './result.ts';
export { contextOfFirstRun, emitResult, runInSpan } from './telemetry.ts';
