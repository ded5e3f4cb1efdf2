import type { Command } from 'commander';
import type { ReportOptions } from '../report/index.ts';

/** `token-budget report SOURCE`. */
export function addReport(program: Command): void {
  program
    .command('report')
    .argument(
      '<source>',
      "OTLP JSON lines as the Collector's file exporter writes them, sqlite:PATH, or the URL of a Redis",
    )
    .option(
      '-o, --output <file>',
      'where to write the page, - for stdout; token-budget-report.html where absent',
    )
    .option('--by <attribute>', 'an attribute of spans or resources to group calls by as well')
    .option('--json', 'the data instead of the page, to stdout where no file is named')
    .description(
      'one page of HTML with plots: spend over time, by model and step, budget left, dearest and slowest calls',
    )
    .action(async (source: string, options: ReportOptions) => {
      const { writeReport } = await import('../report/index.ts');
      await writeReport(source, options);
    });
}
