import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { summarize } from './test-summary.ts';
import { allTests, unitTests } from './unit-tests.ts';

/*
 * Runs all tests, the unit tests first and with their coverage, and writes a summary to the file that is named: its last line is the
 * counts. Needs what `npm run build` makes.
 */
/** Tests that start one program after another and wait for it, and measure no time: two files run at once. */
const STARTS_PROGRAMS =
  /^test\/(calls|cli|clients|docs|frameworks|hosts|install|jobs|package|providers|runners|structure|e2e\/(budget|closing-line|enforcement|eval|exceeded|host|malformed|matrix|powers|recordings|settings|store-setup-mistakes|strict|telemetry(-catalogue)?))\b/;

const [summaryPath] = process.argv.slice(2);
if (summaryPath === undefined) throw new Error('usage: test-ci.ts SUMMARY');

const directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-tests-'));
try {
  const unit = unitTests();
  const others = allTests().filter((file) => !unit.includes(file));
  const waiting = others.filter((file) => STARTS_PROGRAMS.test(file));
  const timed = others.filter((file) => !STARTS_PROGRAMS.test(file));
  // Dots: the spec reporter prints a line of coverage for each file.
  const coverage = ['--experimental-test-coverage', '--test-coverage-include=src/**/*.ts'];
  const runs = [
    run('dot', [...coverage, ...unit]),
    run('spec', ['--test-concurrency=2', ...waiting], 'programs'),
    run('spec', timed),
  ];
  const { lines, failed } = summarize(runs.map(({ outcome }) => outcome));
  writeFileSync(summaryPath, `${lines.join('\n')}\n`);
  process.exitCode = failed === 0 && runs.every(({ status }) => status === 0) ? 0 : 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** Runs `node --test`. @returns its exit code, and the file with its outcome, which is empty where it did not come to one */
function run(
  reporter: string,
  args: readonly string[],
  name = reporter,
): { status: number | null; outcome: string } {
  const outcome = join(directory, name);
  writeFileSync(outcome, '');
  const reporters = [
    [`--test-reporter=${reporter}`, '--test-reporter-destination=stdout'],
    [
      `--test-reporter=${join(import.meta.dirname, 'test-summary.ts')}`,
      `--test-reporter-destination=${outcome}`,
    ],
  ].flat();
  const { status } = spawnSync(process.execPath, ['--test', ...reporters, ...args], { stdio: 'inherit' });
  return { status, outcome };
}
