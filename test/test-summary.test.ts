import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { summarize } from '../scripts/test-summary.ts';
import { allTests, unitTests } from '../scripts/unit-tests.ts';
import { REPO_ROOT } from './support/paths.ts';

const directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-summary-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** Runs a test file of that text, and gives what the reporter wrote. */
function outcomeOf(name: string, text: string, args: readonly string[] = []): string {
  const [file, outcome] = [join(directory, `${name}.test.mjs`), join(directory, name)];
  writeFileSync(file, `import { describe, it } from 'node:test';\n${text}`);
  writeFileSync(outcome, '');
  const reporter = [
    `--test-reporter=${join(REPO_ROOT, 'scripts', 'test-summary.ts')}`,
    `--test-reporter-destination=${outcome}`,
  ];
  // A run of tests within a run of tests would report to that one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  spawnSync(process.execPath, ['--test', ...reporter, ...args, file], { cwd: directory, env });
  return outcome;
}

describe('the summary of tests', () => {
  const mixed = outcomeOf(
    'mixed',
    `it('passes', () => {});
    it('is skipped', { skip: 'no server' }, () => {});
    it('is skipped without a word', { skip: true }, () => {});
    describe('a suite', { skip: 'no server' }, () => { it('is not reached', () => {}); });
    describe('another', () => { it('fails', () => { throw new Error('no'); }); it('passes', () => {}); });`,
  );

  it('names what failed and what was skipped, by reason, and ends with the counts', () => {
    const { lines, failed } = summarize([mixed]);
    assert.equal(failed, 1);
    const file = /[^ ]*mixed\.test\.mjs/.exec(lines[1] ?? '')?.[0];
    assert.deepEqual(lines, [
      'Failed tests:',
      `  ${file}: fails`,
      'Skipped tests, by reason:',
      '  1 test and 1 whole suite: no server',
      `    ${file}`,
      '  1 test: no reason is given',
      `    ${file}`,
      '2 passed, 1 failed, 2 skipped',
    ]);
  });

  it('is that of all runs, with the coverage of one', () => {
    const covered = outcomeOf('covered', `it('passes', () => {});`, ['--experimental-test-coverage']);
    const { lines, failed } = summarize([covered, mixed]);
    assert.equal(failed, 1);
    assert.match(
      lines.at(-2) ?? '',
      /^Coverage of the unit tests: \d+\.\d % of lines and \d+\.\d % of branches, in/,
    );
    assert.equal(lines.at(-1), '3 passed, 1 failed, 2 skipped');
    assert.deepEqual(summarize([covered]).lines.slice(-1), ['1 passed, 0 failed']);
  });

  it('counts a file that ends before its tests do as failed', () => {
    const { failed } = summarize([outcomeOf('cut', 'process.exit(3);')]);
    assert.equal(failed, 1);
  });

  it('counts a run without an outcome as failed', () => {
    const empty = join(directory, 'empty');
    writeFileSync(empty, '');
    const { lines, failed } = summarize([empty]);
    assert.deepEqual([failed, lines], [1, ['Some tests ended without a summary.', '0 passed, 1 failed']]);
  });
});

describe('the unit tests', () => {
  it('are the files that start nothing, by themselves or by a helper', () => {
    const unit = unitTests();
    assert.ok(unit.length > 40 && unit.length < allTests().length);
    assert.ok(unit.includes('test/budget/admission.test.ts'));
    for (const folder of ['e2e', 'frameworks', 'cli/run', 'stores/redis', 'test-summary']) {
      assert.deepEqual(
        unit.filter((file) => file.startsWith(`test/${folder}`)),
        [],
      );
    }
  });
});
