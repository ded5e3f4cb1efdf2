import { existsSync, writeFileSync } from 'node:fs';
import { tryParseStoreUrl } from '../../stores/index.ts';
import { EXIT, UsageError } from '../exit.ts';
import { openSharedLedger, redactPassword } from '../store-option.ts';
import { reportFromLedger } from './from-ledger.ts';
import { reportFromTelemetry } from './from-otlp.ts';
import { readOtlpLines } from './otlp-lines.ts';
import type { ReportData } from './report-data.ts';
import { renderReportPage } from './report-page.ts';

export interface ReportOptions {
  /** The path of the page, or `-` for stdout. */
  readonly output?: string;
  /** An attribute of spans or of their resource to group by as well. */
  readonly by?: string;
  /** The data instead of the page. */
  readonly json?: boolean;
}

const PAGE = 'token-budget-report.html';

/**
 * Writes a report as one page of HTML.
 * @param source a file of OTLP JSON lines, or the ledger of a store: `sqlite:PATH`, the URL of a Redis
 * @throws UsageError where there is no such file, or it is something else
 */
export async function writeReport(
  source: string,
  { output, by, json = false }: ReportOptions,
): Promise<void> {
  const data = await dataOf(source, by);
  const to = output ?? (json ? '-' : PAGE);
  const text = json ? `${JSON.stringify(data, null, 2)}\n` : renderReportPage(data, Date.now());
  if (to === '-') process.stdout.write(text);
  else {
    write(to, text);
    process.stdout.write(`${to}\n`);
  }
  if (data.totals.calls === 0 && data.budgets.length === 0) {
    process.stderr.write(`token-budget: ${data.source} tells of no call and no budget.\n`);
    process.exitCode = EXIT.failed;
  }
}

async function dataOf(source: string, by: string | undefined): Promise<ReportData> {
  const url = tryParseStoreUrl(source);
  if (url !== undefined && url.kind !== 'memory') {
    const { ledger, store } = openSharedLedger({ store: source });
    try {
      return await reportFromLedger(ledger, redactPassword(store), Date.now());
    } finally {
      await ledger.close();
    }
  }
  if (!existsSync(source)) {
    throw new UsageError(
      `there is no file "${source}"; taken is a file of OTLP JSON lines, sqlite:PATH, or the URL of a Redis.`,
    );
  }
  return reportFromTelemetry(await readOtlpLines(source), source, by);
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `--output: given "${path}", which cannot be written (${why}); taken is the path of a file, or -.`,
    );
  }
}
