import { existsSync, writeFileSync } from 'node:fs';
import { tryParseStoreUrl } from '../../stores/index.ts';
import { errorMessage, formatJson } from '../../util/index.ts';
import { EXIT, UsageError } from '../exit.ts';
import { printError, printText } from '../output.ts';
import { openSharedLedger, redactPassword } from '../store-option.ts';
import { reportFromLedger } from './from-ledger.ts';
import { reportFromTelemetry } from './from-otlp.ts';
import { readOtlpLines } from './otlp-lines.ts';
import { renderReportPage } from './page/index.ts';
import type { ReportData } from './report-data.ts';
import { reportJson } from './report-json.ts';

/** The options of `report`, as given. */
export interface ReportOptions {
  /** The file to write, or `-` for stdout. */
  readonly output?: string;
  /** An attribute of spans or of their resource to group by as well. */
  readonly by?: string;
  /** Write the data as JSON instead of the page. */
  readonly json?: boolean;
}

const DEFAULT_PAGE = 'token-budget-report.html';

/**
 * Writes a report as one page of HTML, or as JSON.
 * @param source a file of OTLP JSON lines, or the URL of a store
 * @throws UsageError if the source does not exist or is something else, or the output cannot be written
 */
export async function writeReport(
  source: string,
  { output, by, json = false }: ReportOptions,
): Promise<void> {
  const data = await readReportData(source, by);
  const path = output ?? (json ? '-' : DEFAULT_PAGE);
  const text = json ? `${formatJson(reportJson(data))}\n` : renderReportPage(data, Date.now());
  if (path === '-') process.stdout.write(text);
  else {
    writeOutput(path, text);
    printText(path);
  }
  if (data.totals.calls === 0 && data.budgets.length === 0) {
    printError(`${data.source} has no calls and no budgets.`);
    process.exitCode = EXIT.failed;
  }
}

async function readReportData(source: string, by: string | undefined): Promise<ReportData> {
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
      `There is no file "${source}": expected a file of OTLP JSON lines, sqlite:PATH, or the URL of a Redis.`,
    );
  }
  return reportFromTelemetry(await readOtlpLines(source), source, by);
}

function writeOutput(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    const reason = errorMessage(error);
    throw new UsageError(
      `--output: got "${path}", which cannot be written (${reason}), expected the path of a file, or - for stdout.`,
    );
  }
}
