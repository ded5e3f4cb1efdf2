import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { performancePage, readMeasurements, tableOf } from '../bench/harness/report.ts';
import { interleave, median, medianDifference, percentile } from '../bench/harness/rounds.ts';
import { PARTS } from '../bench/parts/index.ts';
import { PREFETCH_CALLS, QUOTA_IDLE_MS, QUOTA_SHARE, STORE_WAIT_MS, scalePage } from '../bench/scale.ts';
import { DEFAULT_STORE_WAIT_MS } from '../src/stores/index.ts';
import { REPO_ROOT } from './support/paths.ts';

const read = (path: string): string => readFileSync(join(REPO_ROOT, path), 'utf8');

/** What a part measured that measured nothing. */
const UNMEASURED = {
  method: 'some',
  figures: {},
  tables: [],
  notes: [],
  machine: {
    date: '2026-01-01',
    commit: 'none',
    processors: '2 × some',
    memoryGb: 1,
    system: 'some',
    node: '24',
    load: 0,
  },
  seconds: 1,
};

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

  it('sum up how long all of it took', () => {
    const [first, second] = PARTS;
    assert.ok(first !== undefined && second !== undefined);
    const one = { ...UNMEASURED, seconds: 100.4 };
    const page = performancePage(PARTS, { [first.name]: one, [second.name]: one });
    assert.match(page, /^\| all \|.* 201 \|$/m);
  });

  it('are computed with the defaults of local quotas', () => {
    const source = read('src/stores/local-quota/options.ts');
    assert.match(source, new RegExp(`prefetchCalls: ${PREFETCH_CALLS},`));
    assert.match(source, new RegExp(`maxQuotaShare: 1 / ${QUOTA_SHARE},`));
    assert.ok(source.replaceAll('_', '').includes(`idleMs = ${QUOTA_IDLE_MS} }`));
    assert.equal(STORE_WAIT_MS, DEFAULT_STORE_WAIT_MS);
  });

  it('need the figures that are computed with', () => {
    assert.equal(scalePage({}), undefined);
    const part = (figures: Record<string, number>) => ({ ...UNMEASURED, figures });
    const shared = { 'each call': 2_000, 'local quotas': 20_000 };
    const cases = ['1 processes, 1 budgets', '4 processes, 1 budgets', '4 processes, 10000 budgets'];
    const figures: Record<string, number> = { 'bytes of Redis per budget': 400 };
    for (const [by, perSecond] of Object.entries(shared)) {
      for (const [at, key] of cases.entries()) {
        figures[`admissions a second: ${by}, ${key}`] = perSecond * (at + 1);
        figures[`scripts per admission: ${by}, ${key}`] = 2;
        figures[`p99 µs: ${by}, ${key}`] = 1_000 * (at + 1);
      }
      for (const seconds of [1, 10, 60]) {
        figures[`scripts a call: ${by}, every ${seconds} s`] = by === 'local quotas' ? 6 : 3;
        figures[`admission µs: ${by}, every ${seconds} s`] = by === 'local quotas' ? 50 : 500;
      }
      for (const which of ['first', 'last']) figures[`% spent at the ${which} refusal: ${by}`] = 99;
    }
    const overhead = part({ 'added µs: ours, strict, memory': 50 });
    const page = scalePage({ overhead, throughput: part(figures) }) ?? '';
    // The most is 6,000 admissions a second of two scripts each, of which half is planned with: 6,000 for a server.
    assert.match(page, /^\| 4 processes, 10,000 budgets \| 6,000 \| 2\.00 \| 12,000 \|$/m);
    assert.match(page, /^\| 1 s \| 10,000 \| 3\.0 \| 6\.0 \| 30,000 \| 60,000 \| 5 \| 10 \|$/m);
    assert.match(page, /^\| 60 s \| 167 \| 3\.0 \| 6\.0 \| 500 \| 1,000 \| 1 \| 1 \|$/m);
    assert.match(page, /^\| 4 \| 32 \| 2,000 \| 2,000 \|$/m);
    assert.match(page, /^\| 10,000 \| 833 ms \|$/m);
    assert.match(page, /no more than 120,000 agents/);
    assert.match(page, /10,000 budgets, 4\.0 MB/);
    // None of them may be missing.
    for (const name of Object.keys(figures)) {
      const { [name]: _, ...others } = figures;
      const isUsed = page !== scalePage({ overhead, throughput: part({ ...others, [name]: 7 }) });
      const without = scalePage({ overhead, throughput: part(others) });
      assert.ok(without === undefined || !isUsed || /^p99/.test(name), name);
    }
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
    const setUp = (name: string, own: { rounds?: number } = {}) => ({
      name,
      ...own,
      measure: async (round: number) => {
        order.push(`${name}${round}`);
        return round;
      },
    });
    const results = await interleave(
      [setUp('a'), setUp('b'), setUp('slow', { rounds: 1 })],
      2,
      () => undefined,
    );
    assert.deepEqual(order, ['a0', 'b0', 'slow0', 'a1', 'b1']);
    assert.deepEqual(
      [...results],
      [
        ['a', [0, 1]],
        ['b', [0, 1]],
        ['slow', [0]],
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
