import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { performancePage, readMeasurements, tableOf } from '../bench/harness/report.ts';
import { interleave, median, medianDifference, percentile } from '../bench/harness/rounds.ts';
import { PARTS } from '../bench/parts/index.ts';
import { SLICE_AHEAD, SLICE_IDLE_MS, SLICE_SHARE, scalePage } from '../bench/scale.ts';
import { REPO_ROOT } from './support/paths.ts';

const read = (path: string): string => readFileSync(join(REPO_ROOT, path), 'utf8');

const measured = readMeasurements();
const unmeasured =
  Object.keys(measured).length === 0 ? 'docs/performance.json is not there: run npm run bench' : false;

describe('the pages of the benchmark', () => {
  it('are what it makes of its figures', { skip: unmeasured }, () => {
    assert.equal(read('docs/performance.md'), performancePage(PARTS, measured));
    const scale = scalePage(measured);
    assert.equal(existsSync(join(REPO_ROOT, 'docs/scale.md')), scale !== undefined);
    if (scale !== undefined) assert.equal(read('docs/scale.md'), scale);
  });

  it('are computed with the slices that are', () => {
    const source = read('src/store/slices.ts');
    assert.match(source, new RegExp(`ahead = ${SLICE_AHEAD},`));
    assert.match(source, new RegExp(`share = 1 / ${SLICE_SHARE},`));
    assert.ok(source.replaceAll('_', '').includes(`idleMs = ${SLICE_IDLE_MS},`));
  });

  it('need the figures that are computed with', () => {
    assert.equal(scalePage({}), undefined);
    const machine = {
      date: '2026-01-01',
      commit: 'none',
      processors: '2 × some',
      memoryGb: 1,
      system: 'some',
      node: '24',
      load: 0,
    };
    const part = (figures: Record<string, number>) => ({
      figures,
      tables: [],
      notes: [],
      machine,
      seconds: 1,
    });
    const page = scalePage({
      overhead: part({ 'added µs: ours, strict, memory': 50 }),
      throughput: part({
        'admissions a second: each call, 4 processes, 1 budgets': 2_000,
        'admissions a second: each call, 16 processes, 1 budgets': 1_500,
        'admissions a second: slices, 4 processes, 1 budgets': 20_000,
        'admissions a second: each call, 4 processes, 10000 budgets': 4_000,
        'commands per admission: each call, 4 processes, 1 budgets': 2.5,
      }),
    });
    // 10,000 calls a second of servers that are planned with half of 2,000 and 4,000, and 50 µs for each.
    assert.match(page ?? '', /^\| 1 s \| 10,000 \| 5 \| 10 \| 0\.50 \|$/m);
    assert.match(page ?? '', /^\| commands a second \| 5,000 \|$/m);
  });

  it('set columns of numbers to the right', () => {
    const table = {
      head: ['a', 'b', 'c'],
      rows: [
        ['x', '1.5', 'none'],
        ['y', '+2', '3'],
      ],
    };
    assert.equal(tableOf(table), '| a | b | c |\n| --- | --: | --- |\n| x | 1.5 | none |\n| y | +2 | 3 |');
  });
});

describe('rounds', () => {
  it('measure each set-up once, in turn', async () => {
    const order: string[] = [];
    const setUp = (name: string) => ({
      name,
      measure: async (round: number) => {
        order.push(`${name}${round}`);
        return round;
      },
    });
    const results = await interleave([setUp('a'), setUp('b')], 2, () => undefined);
    assert.deepEqual(order, ['a0', 'b0', 'a1', 'b1']);
    assert.deepEqual(
      [...results],
      [
        ['a', [0, 1]],
        ['b', [0, 1]],
      ],
    );
  });

  it('are summed up by medians, differences within a round', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    // A round in which the machine was busy moves both.
    assert.equal(medianDifference([11, 111, 12], [10, 110, 10]), 1);
    assert.equal(percentile([1, 2, 3, 4], 0.99), 4);
  });
});

describe('npm run bench', () => {
  it('says which parts there are', () => {
    const main = join(REPO_ROOT, 'bench', 'main.ts');
    const { status, stderr } = spawnSync(process.execPath, [main, 'nothing'], { encoding: 'utf8' });
    assert.equal(status, 2);
    assert.equal(
      stderr.trim(),
      `unknown: nothing; the parts are ${PARTS.map(({ name }) => name).join(', ')}`,
    );
  });
});
