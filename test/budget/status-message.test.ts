import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getBudgetStatusMessage, isBudgetStatusMessage } from '../../src/budget/index.ts';
import { amounts, reserveOf, trackerOf } from './helpers.ts';

async function statusAfter(tokens: number, minutes: number, limits: object = { tokens: 44_642 }) {
  const { tracker, clock } = trackerOf(limits);
  await tracker.charge(amounts({ tokens, costNanoUsd: tokens * 14_000, calls: 1 }));
  clock.now += minutes * 60_000;
  return { tracker, status: await tracker.status() };
}

describe('the status message', () => {
  it('says what is used and left, the share, the pace, and to continue', async () => {
    const { status } = await statusAfter(12_000, 3);
    assert.equal(
      getBudgetStatusMessage(status),
      '[token-budget] Used 12,000 of 44,642 tokens (27 %), 32,642 tokens left. Worked for 3 min at 4,000 tokens a minute, at ' +
        'which the rest lasts about 8.2 min. Go on until the work is done or the budget is nearly gone; do not stop early to save it.',
    );
    assert.equal(
      getBudgetStatusMessage(status, { format: 'compact' }),
      '[token-budget] 32,642 tokens left (73 %); ~8.2 min at this pace; go on',
    );
  });

  it('says to wrap up below a threshold, which can be set', async () => {
    const { status } = await statusAfter(41_000, 3);
    assert.match(getBudgetStatusMessage(status), /nearly gone: begin nothing new/);
    assert.match(getBudgetStatusMessage(status, { format: 'compact' }), /wrap up now$/);
    assert.match(getBudgetStatusMessage(status, { wrapUpBelow: 0.05 }), /Go on/);
    assert.throws(() => getBudgetStatusMessage(status, { wrapUpBelow: 2 }), RangeError);
  });

  it('describes every limit, and counts reserved amounts as used', async () => {
    const { tracker } = await statusAfter(1_000, 0, { costUsd: 0.5, tokens: 10_000, calls: 5, minutes: 30 });
    await tracker.reserve(reserveOf({ outputCap: 1_000 }));
    const text = getBudgetStatusMessage(await tracker.status());
    assert.match(text, /Used \$0\.028 of \$0\.50 \(6 %\), \$0\.472 left\./);
    assert.match(text, /Used 2,000 of 10,000 tokens \(20 %\)/);
    assert.match(text, /Used 2 of 5 calls/);
    assert.match(text, /Used 0 s of 30 min \(0 %\), 30 min left/);
  });

  it('is recognized by its beginning', async () => {
    const { status } = await statusAfter(0, 0, {});
    assert.match(getBudgetStatusMessage(status), /No limit is set/);
    assert.equal(isBudgetStatusMessage(getBudgetStatusMessage(status)), true);
    for (const other of ['Used 5 tokens', undefined, 5, []])
      assert.equal(isBudgetStatusMessage(other), false);
  });
});
