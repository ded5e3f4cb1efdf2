export type { ReportOptions } from './report.ts';
export { writeReport } from './report.ts';
