import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { REPO_ROOT } from '../support/paths.ts';
import { programPath, skipWithout } from '../support/programs.ts';

const skip = skipWithout('promtool');

function promtool(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(programPath('promtool'), args, {
    cwd: join(REPO_ROOT, 'pipeline'),
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

describe('the alerts', () => {
  it('are taken by Prometheus, with its configuration', { skip }, () => {
    const { status, output } = promtool('check', 'config', '--lint=all', 'prometheus.yml');
    assert.equal(status, 0, output);
  });

  it('are raised when they should be, and only then', { skip }, () => {
    const { status, output } = promtool('test', 'rules', '../test/pipeline/alerts.test.yml');
    assert.equal(status, 0, output);
  });

  it('are each tested, raised and not', () => {
    const alerts = read<{ groups: { rules: { alert?: string }[] }[] }>('pipeline/alerts.yml')
      .groups.flatMap(({ rules }) => rules)
      .flatMap(({ alert }) => alert ?? []);
    const cases = read<{ tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[] }>(
      'test/pipeline/alerts.test.yml',
    ).tests.flatMap(({ alert_rule_test }) => alert_rule_test);
    for (const raised of [true, false]) {
      const tested = cases.filter(({ exp_alerts }) => exp_alerts.length > 0 === raised);
      assert.deepEqual([...new Set(tested.map(({ alertname }) => alertname))].sort(), alerts.toSorted());
    }
  });
});

function read<T>(path: string): T {
  return parse(readFileSync(join(REPO_ROOT, path), 'utf8'), { merge: true }) as T;
}
