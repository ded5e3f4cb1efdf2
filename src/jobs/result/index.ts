export { formatJobList, formatJobResult } from './format.ts';
export { type Efficiency, type JobResult, buildResult, type StepReport } from './result.ts';
export { contextOfFirstRun, runInSpan, emitResult } from './telemetry.ts';
