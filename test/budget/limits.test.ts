import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { limitAmounts, NO_GRANT, raisedLimits } from '../../src/budget/limits.ts';
import { MAX_USD } from '../../src/pricing/nano-usd.ts';

const MOST = Number.MAX_SAFE_INTEGER;

describe('a limit that is raised', () => {
  const limits = { costUsd: 1, tokens: 100, calls: 10 };

  it('is the sum of limit and grant', () => {
    const granted = { ...NO_GRANT, costNanoUsd: 5, tokens: 6, calls: 7 };
    assert.deepEqual(limitAmounts(limits, granted), { costNanoUsd: 1_000_000_005, tokens: 106, calls: 17 });
  });

  it('stays an exact integer, however much it is raised', () => {
    const most = { costNanoUsd: MOST, tokens: MOST, calls: MOST };
    const highest = { costUsd: MAX_USD, tokens: MOST, calls: MOST };
    for (const one of [limits, highest]) assert.deepEqual(limitAmounts(one, { ...NO_GRANT, ...most }), most);
    assert.deepEqual(raisedLimits({ tokens: 100 }, { ...NO_GRANT, ...most }), { tokens: MOST });
  });

  it('stays unset if it is not set', () => {
    const granted = { ...NO_GRANT, costNanoUsd: MOST, tokens: MOST, calls: MOST };
    assert.deepEqual(limitAmounts({}, granted), { costNanoUsd: Infinity, tokens: Infinity, calls: Infinity });
  });
});
