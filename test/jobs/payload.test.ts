import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { JobDefinitionError } from '../../src/jobs/errors.ts';
import { checkJobPayload, type JobPayload, jobAllowance } from '../../src/jobs/payload.ts';
import { formatUsd, PriceBook } from '../../src/pricing/index.ts';
import { REPO_ROOT } from '../support/paths.ts';

const MODELS = ['gpt-5.2', 'gpt-5-mini', 'gpt-4o'];
const ROWS: readonly (readonly [string, JobPayload])[] = [
  ['15 minutes', { timeBudgetMinutes: 15 }],
  ['60 minutes', { timeBudgetMinutes: 60 }],
  ['240 minutes', { timeBudgetMinutes: 240 }],
  ['$5', { costBudgetUsd: 5 }],
];

describe('the payload of a job', () => {
  it('is 15 minutes where it names no budget: $0.625, 44,642 tokens of gpt-5.2 output', () => {
    for (const payload of [{}, { model: null, timeBudgetMinutes: null }, { model: 'gpt-5.2' }]) {
      const { nanoUsd, limits } = jobAllowance(payload);
      assert.deepEqual([nanoUsd, limits], [625_000_000, { tokens: 44_642 }]);
    }
    assert.deepEqual(jobAllowance({}, { unit: 'cost' }).limits, { costUsd: 0.625 });
  });

  it('takes the cost before the time, and holds tokens beside them', () => {
    assert.deepEqual(jobAllowance({ timeBudgetMinutes: 240, costBudgetUsd: 1 }).limits, { tokens: 71_428 });
    assert.deepEqual(jobAllowance({ costBudgetUsd: 1, tokenBudget: 500 }).limits, { tokens: 500 });
    assert.deepEqual(jobAllowance({ costBudgetUsd: 1, tokenBudget: 1_000_000 }).limits, { tokens: 71_428 });
    assert.deepEqual(jobAllowance({ costBudgetUsd: 1, tokenBudget: 500 }, { unit: 'cost' }).limits, {
      costUsd: 1,
      tokens: 500,
    });
    assert.deepEqual(jobAllowance({ tokenBudget: 500 }).limits, { tokens: 500 });
    assert.deepEqual(jobAllowance({ costBudgetUsd: 0 }).limits, { tokens: 0 });
  });

  it('holds the minutes as time that passes only where that is asked for', () => {
    assert.deepEqual(jobAllowance({ timeBudgetMinutes: 30 }, { wallClock: true, unit: 'cost' }).limits, {
      costUsd: 1.25,
      minutes: 30,
    });
  });

  for (const [given, names] of [
    [{ timeBudgetMinutes: -1 }, /payload\.timeBudgetMinutes: given -1; taken is a number of minutes from 0/],
    [{ timeBudgetMinutes: '15' }, /payload\.timeBudgetMinutes: given "15"/],
    [{ costBudgetUsd: Number.NaN }, /payload\.costBudgetUsd: given NaN; taken is a number of USD/],
    [{ costBudgetUsd: 1e12 }, /payload\.costBudgetUsd/],
    [{ tokenBudget: 1.5 }, /payload\.tokenBudget: given 1\.5; taken is a whole number/],
    [{ model: '' }, /payload\.model: given ""/],
    [{ minutes: 5 }, /payload\.minutes is not a field\. Taken are: timeBudgetMinutes, costBudgetUsd/],
    [[], /payload: given \[\]; taken is an object/],
    [undefined, /payload: given nothing; taken is an object/],
    ['15', /payload: given "15"/],
  ] as const) {
    it(`refuses ${JSON.stringify(given)} and names the field`, () => {
      assert.throws(
        () => checkJobPayload(given),
        (error) => {
          assert.ok(error instanceof JobDefinitionError);
          assert.match(error.message, names);
          return true;
        },
      );
    });
  }

  it('refuses a model that costs nothing, where money is to be tokens', () => {
    const prices = new PriceBook({ prices: { local: { input: 0, output: 0 } } });
    assert.throws(
      () => jobAllowance({ model: 'local' }, { prices }),
      /payload\.model: given "local", whose output costs nothing/,
    );
    assert.deepEqual(jobAllowance({ model: 'local' }, { prices, unit: 'cost' }).limits, { costUsd: 0.625 });
  });

  it('is converted as docs/jobs.md says', () => {
    const page = readFileSync(join(REPO_ROOT, 'docs', 'jobs.md'), 'utf8');
    const table = page.slice(page.indexOf('| payload |'), page.indexOf('\n\n', page.indexOf('| payload |')));
    assert.equal(table, conversionTable());
  });
});

/** The table of docs/jobs.md. */
function conversionTable(): string {
  const header = ['payload', 'USD', ...MODELS];
  const rows = ROWS.map(([name, payload]) => [
    name,
    formatUsd(jobAllowance(payload).nanoUsd ?? 0),
    ...MODELS.map(
      (model) => `${jobAllowance({ ...payload, model }).limits.tokens?.toLocaleString('en')} tokens`,
    ),
  ]);
  return [header, ['---', ...header.slice(1).map(() => '--:')], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
