import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

/** The outcome of a run of tests, as the reporter writes it: one line of JSON. */
interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
  /** Files and names of the tests that failed. */
  readonly failures: string[];
  readonly notRun: NotRun[];
  /** Absent where coverage was not measured. */
  coverage?: { readonly files: number; readonly lines: number; readonly branches: number };
}

/** A skipped test, or a skipped suite; the tests in a skipped suite are not counted. */
interface NotRun {
  readonly file: string;
  readonly reason: string;
  readonly isSuite: boolean;
}

/** A reporter for `node --test`: writes the outcome when all is over, for {@link summarize}. */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const outcome: Outcome = { passed: 0, failed: 0, skipped: 0, failures: [], notRun: [] };
  for await (const { type, data } of events) {
    if (type === 'test:pass' && data.skip !== undefined) {
      const reason = typeof data.skip === 'string' && data.skip !== '' ? data.skip : 'no reason is given';
      outcome.notRun.push({ file: fileOf(data), reason, isSuite: data.details.type === 'suite' });
    }
    if (type === 'test:fail' && !isOfSubtests(data.details.error)) {
      outcome.failures.push(`${fileOf(data)}: ${data.name}`);
    }
    if (type === 'test:coverage') {
      const { files, totals } = data.summary;
      const { coveredLinePercent: lines, coveredBranchPercent: branches } = totals;
      outcome.coverage = { files: files.length, lines, branches };
    }
    // Each file has a summary too.
    if (type === 'test:summary' && data.file === undefined) {
      const { tests, passed, skipped } = data.counts;
      const failed = tests - passed - skipped;
      Object.assign(outcome, { passed, skipped, failed: data.success ? failed : Math.max(1, failed) });
      yield `${JSON.stringify(outcome)}\n`;
    }
  }
}

/**
 * What is left to say of some runs, as lines: the tests that failed, those that were skipped and why, the coverage, and the counts as
 * the last.
 * @param paths what the reporter wrote in each run; one that wrote nothing ended before its tests did, and counts as failed
 */
export function summarize(paths: readonly string[]): { lines: string[]; failed: number } {
  const outcomes = paths.map(read).filter((one) => one !== undefined);
  const sum = (count: (one: Outcome) => number): number =>
    outcomes.reduce((total, one) => total + count(one), 0);
  const lost = paths.length - outcomes.length;
  const failed = sum((one) => one.failed) + lost;
  const failures = outcomes.flatMap((one) => one.failures);
  const lines = [
    ...(failures.length === 0 ? [] : ['Failed tests:', ...failures.map((one) => `  ${one}`)]),
    ...skippedLines(outcomes.flatMap(({ notRun }) => notRun)),
    ...outcomes.flatMap(({ coverage }) => (coverage === undefined ? [] : [coverageLine(coverage)])),
    ...(lost === 0 ? [] : ['Some tests ended without a summary.']),
  ];
  const skipped = sum((one) => one.skipped);
  const counts = `${sum((one) => one.passed)} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
  return { lines: [...lines, counts], failed };
}

function skippedLines(notRun: readonly NotRun[]): string[] {
  const byReason = [...Map.groupBy(notRun, ({ reason }) => reason)].sort(
    ([, a], [, b]) => b.length - a.length,
  );
  const lines = byReason.flatMap(([reason, of]) => {
    const suites = of.filter(({ isSuite }) => isSuite).length;
    const counts = [amount(of.length - suites, 'test'), amount(suites, 'whole suite')].filter(
      (text) => text !== '',
    );
    return [
      `  ${counts.join(' and ')}: ${reason}`,
      `    ${[...new Set(of.map(({ file }) => file))].join(', ')}`,
    ];
  });
  return lines.length === 0 ? [] : ['Skipped tests, by reason:', ...lines];
}

function amount(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${what}${count === 1 ? '' : 's'}`;
}

function coverageLine({ files, lines, branches }: NonNullable<Outcome['coverage']>): string {
  return (
    `Coverage of the unit tests: ${lines.toFixed(1)} % of lines and ${branches.toFixed(1)} % of branches, ` +
    `in the ${files} files of src that they load`
  );
}

function read(path: string): Outcome | undefined {
  const text = readFileSync(path, 'utf8');
  return text === '' ? undefined : (JSON.parse(text) as Outcome);
}

function fileOf({ file }: { file?: string }): string {
  return file === undefined ? 'unknown file' : relative(process.cwd(), file);
}

/** Whether a test or a suite failed for nothing but what is in it. */
function isOfSubtests(error: Error & { failureType?: unknown }): boolean {
  return error.failureType === 'subtestsFailed';
}
