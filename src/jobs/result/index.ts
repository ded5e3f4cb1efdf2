export { describeJobs, describeResult } from './format.ts';
export { type Efficiency, type JobResult, resultOf, type StepReport } from './result.ts';
export { belowFirstRun, inSpan, reportResult } from './telemetry.ts';
