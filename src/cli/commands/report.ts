import type { Command } from 'commander';
import type { ReportOptions } from '../report/index.ts';

/** Adds `token-budget report SOURCE`. */
export function addReport(program: Command): void {
  program
    .command('report')
    .argument(
      '<source>',
      "OTLP JSON lines as the Collector's file exporter writes them, sqlite:PATH, or the URL of a Redis",
    )
    .option(
      '-o, --output <file>',
      'the file to write, - for stdout (default: token-budget-report.html; with --json: stdout)',
    )
    .option('--by <attribute>', 'also group calls by this attribute of spans or resources')
    .option('--json', 'write the data as JSON instead of the page')
    .description(
      'write an HTML page with plots: spend over time, by model and step, budget left, most expensive and slowest calls',
    )
    .action(async (source: string, options: ReportOptions) => {
      const { writeReport } = await import('../report/index.ts');
      await writeReport(source, options);
    });
}
