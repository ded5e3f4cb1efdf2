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
  it('defaults to 15 minutes of work: $0.625, 44,642 tokens of gpt-5.2 output', () => {
    for (const payload of [{}, { model: null, timeBudgetMinutes: null }, { model: 'gpt-5.2' }]) {
      const { nanoUsd, limits } = jobAllowance(payload);
      assert.deepEqual([nanoUsd, limits], [625_000_000, { tokens: 44_642 }]);
    }
    assert.deepEqual(jobAllowance({}, { unit: 'cost' }).limits, { costUsd: 0.625 });
  });

  it('prefers the cost to the minutes of work, and limits tokens in addition', () => {
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

  it('limits elapsed time only with wallClock', () => {
    assert.deepEqual(jobAllowance({ timeBudgetMinutes: 30 }, { wallClock: true, unit: 'cost' }).limits, {
      costUsd: 1.25,
      minutes: 30,
    });
  });

  for (const [payload, message] of [
    [{ timeBudgetMinutes: -1 }, /payload\.timeBudgetMinutes: got -1, expected a number of minutes from 0/],
    [{ timeBudgetMinutes: '15' }, /payload\.timeBudgetMinutes: got "15", expected a number/],
    [{ costBudgetUsd: Number.NaN }, /payload\.costBudgetUsd: got NaN, expected a number of USD/],
    [{ costBudgetUsd: 1e12 }, /payload\.costBudgetUsd: got 1000000000000, expected/],
    [{ tokenBudget: 1.5 }, /payload\.tokenBudget: got 1\.5, expected a whole number/],
    [{ model: '' }, /payload\.model: got "", expected the name of a model/],
    [{ minutes: 5 }, /payload: unknown field "minutes"\. Known fields: timeBudgetMinutes, costBudgetUsd/],
    [[], /payload: got \[\], expected an object/],
    [undefined, /payload: got nothing, expected an object/],
    ['15', /payload: got "15", expected an object/],
  ] as const) {
    it(`rejects ${JSON.stringify(payload)} and names the field`, () => {
      assert.throws(
        () => checkJobPayload(payload),
        (error) => {
          assert.ok(error instanceof JobDefinitionError);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  it('rejects a model whose output is free if money has to be converted to tokens', () => {
    const prices = new PriceBook({ prices: { local: { input: 0, output: 0 } } });
    assert.throws(
      () => jobAllowance({ model: 'local' }, { prices }),
      /payload\.model: got "local", whose output is free/,
    );
    assert.deepEqual(jobAllowance({ model: 'local' }, { prices, unit: 'cost' }).limits, { costUsd: 0.625 });
  });

  it('is converted as in docs/jobs.md', () => {
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
