export { renderReportPage } from './report-page.ts';
