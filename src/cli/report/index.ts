export type { ReportOptions } from './write-report.ts';
export { writeReport } from './write-report.ts';
