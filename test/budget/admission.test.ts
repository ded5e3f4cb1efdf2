import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decideAdmission, defineBudget } from '../../src/budget/index.ts';
import { MAX_USD } from '../../src/pricing/nano-usd.ts';
import {
  admittedOf,
  amounts,
  deniedOf,
  OUTPUT_PICO,
  reserveOf,
  statusOf,
  syncValue,
  TERMS,
  trackerOf,
} from './helpers.ts';

describe("a caller's own cap", () => {
  it('is kept if it fits, however large its share', () => {
    const { tracker } = trackerOf({ tokens: 1_000 });
    const request = reserveOf({ outputCap: 1_000 });
    assert.deepEqual(admittedOf(tracker.reserve(request)), {
      admitted: true,
      request,
      clampedTo: undefined,
      outputCap: 1_000,
      reserved: amounts({ costNanoUsd: 14_000_000, tokens: 1_000, calls: 1 }),
    });
  });

  it('is lowered if it does not fit', () => {
    const { tracker } = trackerOf({ tokens: 1_000 });
    const admitted = admittedOf(tracker.reserve(reserveOf({ outputCap: 1_001 })));
    assert.equal(admitted.outputCap, 1_000);
    assert.equal(admitted.reserved.tokens, 1_000);
  });

  it('is lowered by the cost of the input', () => {
    const { tracker } = trackerOf({ tokens: 1_000 });
    const fixed = amounts({ tokens: 900, calls: 1 });
    assert.equal(admittedOf(tracker.reserve(reserveOf({ fixed }))).outputCap, 100);
  });

  it('is lowered by settled and reserved amounts', () => {
    const { tracker } = trackerOf({ tokens: 1_000 });
    syncValue(tracker.charge(amounts({ tokens: 300 })));
    syncValue(tracker.reserve(reserveOf({ outputCap: 200 })));
    assert.equal(admittedOf(tracker.reserve(reserveOf())).outputCap, 500);
  });

  it('is lowered to the last token that the money pays for', () => {
    const { tracker } = trackerOf({ costUsd: 0.625 });
    const admitted = admittedOf(tracker.reserve(reserveOf({ outputCap: 128_000 })));
    assert.equal(admitted.outputCap, 44_642);
    assert.equal(admitted.reserved.costNanoUsd, 44_642 * 14_000);
  });

  it('is admitted below minOutputTokens if it fits', () => {
    const { tracker } = trackerOf({ tokens: 5 });
    assert.equal(admittedOf(tracker.reserve(reserveOf({ outputCap: 5 }))).outputCap, 5);
  });

  it('is reserved for each of n choices', () => {
    const { tracker } = trackerOf({ costUsd: 1, tokens: 1_000 });
    const request = reserveOf({ choices: 3, outputPicoUsd: 3 * OUTPUT_PICO, outputCap: 500 });
    assert.deepEqual(admittedOf(tracker.reserve(request)), {
      admitted: true,
      request,
      clampedTo: 333,
      outputCap: 333,
      reserved: amounts({ costNanoUsd: 333 * 3 * 14_000, tokens: 999, calls: 1 }),
    });
  });
});

describe('a call without a cap', () => {
  const uncapped = { capped: false, outputCap: 128_000 };

  it('gets at most maxShare of what is left', () => {
    const { tracker } = trackerOf({ tokens: 10_000 });
    assert.equal(admittedOf(tracker.reserve(reserveOf(uncapped))).outputCap, 5_000);
    assert.equal(admittedOf(tracker.reserve(reserveOf(uncapped))).outputCap, 2_500);
    assert.equal(admittedOf(tracker.reserve(reserveOf(uncapped))).outputCap, 1_250);
  });

  it('gets the share that the budget sets', () => {
    const { tracker } = trackerOf({ tokens: 10_000 }, { maxShare: 0.1 });
    assert.equal(admittedOf(tracker.reserve(reserveOf(uncapped))).outputCap, 1_000);
    assert.equal(
      admittedOf(trackerOf({ tokens: 800 }, { maxShare: 1 }).tracker.reserve(reserveOf(uncapped))).outputCap,
      800,
    );
  });

  it('gets no more than the maximum of its model', () => {
    const { tracker } = trackerOf({ tokens: 1_000_000 });
    assert.equal(admittedOf(tracker.reserve(reserveOf(uncapped))).outputCap, 128_000);
  });

  it('gets the share of what is left after its input', () => {
    const { tracker } = trackerOf({ tokens: 10_000 });
    const fixed = amounts({ tokens: 4_000, calls: 1 });
    assert.equal(admittedOf(tracker.reserve(reserveOf({ ...uncapped, fixed }))).outputCap, 3_000);
  });

  it('never gets less than minOutputTokens', () => {
    const { tracker } = trackerOf({ tokens: 20 });
    assert.equal(admittedOf(tracker.reserve(reserveOf(uncapped))).outputCap, 16);
  });

  it('gets a share that is rounded down', () => {
    const { tracker } = trackerOf({ tokens: 101 });
    assert.equal(admittedOf(tracker.reserve(reserveOf(uncapped))).outputCap, 50);
  });

  it('is not lowered by a limit of calls', () => {
    const { tracker } = trackerOf({ calls: 1 });
    assert.equal(admittedOf(tracker.reserve(reserveOf(uncapped))).outputCap, 128_000);
  });
});

describe('a call is denied', () => {
  it('if fewer than minOutputTokens fit', () => {
    const { tracker } = trackerOf({ tokens: 15 });
    for (const capped of [true, false]) {
      const denied = deniedOf(tracker.reserve(reserveOf({ capped })));
      assert.equal(denied.limit, 'tokens');
      assert.equal(denied.requested.tokens, 16);
    }
    assert.equal(admittedOf(trackerOf({ tokens: 16 }).tracker.reserve(reserveOf())).outputCap, 16);
  });

  it('if its input alone does not fit', () => {
    const { tracker } = trackerOf({ costUsd: 0.001 });
    const fixed = amounts({ costNanoUsd: 1_000_001, calls: 1 });
    const denied = deniedOf(tracker.reserve(reserveOf({ fixed, outputCap: 1 })));
    assert.deepEqual([denied.limit, denied.requested.costNanoUsd], ['costUsd', 1_014_001]);
  });

  it('if an endpoint without output does not fit, and only then', () => {
    const { tracker } = trackerOf({ tokens: 100 });
    const embed = (tokens: number) =>
      reserveOf({ fixed: amounts({ tokens, calls: 1 }), outputCap: 0, outputPicoUsd: 0, capped: false });
    assert.deepEqual(admittedOf(tracker.reserve(embed(100))).reserved, amounts({ tokens: 100, calls: 1 }));
    assert.equal(deniedOf(tracker.reserve(embed(1))).limit, 'tokens');
  });

  it('by the limit of calls, open ones counted', () => {
    const { tracker } = trackerOf({ calls: 2 });
    syncValue(tracker.reserve(reserveOf()));
    syncValue(tracker.reserve(reserveOf()));
    assert.equal(deniedOf(tracker.reserve(reserveOf())).limit, 'calls');
  });

  it('once its minutes are over', () => {
    const { tracker, clock } = trackerOf({ minutes: 15 });
    clock.now += 15 * 60_000 - 1;
    admittedOf(tracker.reserve(reserveOf()));
    clock.now += 1;
    assert.equal(deniedOf(tracker.reserve(reserveOf())).limit, 'minutes');
  });

  it('by the limit that leaves the least', () => {
    const { tracker } = trackerOf({ costUsd: 1, tokens: 10, calls: 5 });
    assert.equal(deniedOf(tracker.reserve(reserveOf())).limit, 'tokens');
  });

  it('by money, then tokens, then calls, if they leave the same', () => {
    const { tracker } = trackerOf({ costUsd: 10 * 14e-6, tokens: 10 });
    assert.equal(deniedOf(tracker.reserve(reserveOf())).limit, 'costUsd');
    const full = trackerOf({ tokens: 100, calls: 1 });
    void full.tracker.reserve(reserveOf({ outputCap: 100 }));
    const fixed = amounts({ tokens: 1, calls: 1 });
    assert.equal(deniedOf(full.tracker.reserve(reserveOf({ fixed }))).limit, 'tokens');
  });

  it('from the start if a limit is zero', () => {
    for (const limits of [{ costUsd: 0 }, { tokens: 0 }, { calls: 0 }, { minutes: 0 }]) {
      const [limit] = Object.keys(limits);
      assert.equal(deniedOf(trackerOf(limits).tracker.reserve(reserveOf())).limit, limit);
    }
  });

  it('never without a limit', () => {
    const { tracker } = trackerOf({});
    syncValue(tracker.charge(amounts({ costNanoUsd: 10 ** 15, tokens: 10 ** 12, calls: 10 ** 6 })));
    assert.equal(admittedOf(tracker.reserve(reserveOf({ capped: false }))).outputCap, 1_000);
  });
});

describe('a free model', () => {
  const free = { outputPicoUsd: 0, capped: false };

  it('gets its whole output while all money is reserved', () => {
    const { tracker } = trackerOf({ costUsd: 0.014 });
    admittedOf(tracker.reserve(reserveOf({ outputCap: 1_000 })));
    assert.equal(statusOf(tracker).left.costUsd, 0);
    assert.equal(admittedOf(tracker.reserve(reserveOf(free))).outputCap, 1_000);
  });

  it('gets its whole output from a budget of any size', () => {
    const { tracker } = trackerOf({ costUsd: 1_000_000 });
    assert.equal(admittedOf(tracker.reserve(reserveOf(free))).outputCap, 1_000);
  });
});

describe('a budget of more than $9,007, whose pico-USD no double holds', () => {
  it('pays for the last token that fits, and for none that does not', () => {
    const left = fc.integer({ min: 9_008 * 10 ** 9, max: MAX_USD * 10 ** 9 });
    const prices = fc.integer({ min: 1_001, max: 1_000_000_000 });
    fc.assert(
      fc.property(left, prices, (leftNanoUsd, outputPicoUsd) => {
        const { tracker } = trackerOf({ costUsd: MAX_USD });
        void tracker.charge(amounts({ costNanoUsd: MAX_USD * 10 ** 9 - leftNanoUsd }));
        const request = reserveOf({ outputPicoUsd, outputCap: Number.MAX_SAFE_INTEGER });
        const { outputCap } = admittedOf(tracker.reserve(request));
        const leftPicoUsd = BigInt(leftNanoUsd) * 1_000n;
        assert.ok(BigInt(outputCap) * BigInt(outputPicoUsd) <= leftPicoUsd);
        assert.ok(BigInt(outputCap + 1) * BigInt(outputPicoUsd) > leftPicoUsd);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the mode', () => {
  it('observe denies nothing and clamps nothing', () => {
    const { tracker } = trackerOf({ costUsd: 0, tokens: 0, calls: 0, minutes: 0 }, { mode: 'observe' });
    assert.equal(admittedOf(tracker.reserve(reserveOf({ outputCap: 99_999 }))).outputCap, 99_999);
  });

  it('soft denies at the limit, not before it', () => {
    const { tracker } = trackerOf({ tokens: 100 }, { mode: 'soft' });
    syncValue(tracker.charge(amounts({ tokens: 99 })));
    for (let n = 0; n < 3; n += 1) {
      assert.equal(admittedOf(tracker.reserve(reserveOf({ outputCap: 5_000 }))).outputCap, 5_000);
    }
    syncValue(tracker.charge(amounts({ tokens: 1 })));
    assert.equal(deniedOf(tracker.reserve(reserveOf())).limit, 'tokens');
  });

  it('soft denies by calls, money and time as well', () => {
    const spent = amounts({ costNanoUsd: 10 ** 9, calls: 3 });
    for (const limits of [{ costUsd: 1 }, { calls: 3 }, { minutes: 1 }]) {
      const { tracker, clock } = trackerOf(limits, { mode: 'soft' });
      admittedOf(tracker.reserve(reserveOf()));
      syncValue(tracker.charge(spent));
      clock.now += 60_000;
      assert.equal(deniedOf(tracker.reserve(reserveOf())).limit, Object.keys(limits)[0]);
    }
  });
});

describe('a chain', () => {
  const now = 5_000;
  const account = (name: string, tokens: number, settled = 0) => ({
    budget: defineBudget({ name, limits: { tokens } }),
    balances: { settled: amounts({ tokens: settled }), reserved: amounts(), open: 0, startedAt: now },
  });
  const request = { ...reserveOf(), ...TERMS };

  it('admits what its narrowest budget admits', () => {
    const chain = [account('job', 900), account('team', 500, 100), account('org', 5_000)];
    const admission = decideAdmission(chain, request, now);
    assert.ok(admission.admitted);
    assert.equal(admission.outputCap, 400);
  });

  it('is denied by the first budget that cannot pay', () => {
    const chain = [account('job', 900), account('team', 500, 490), account('org', 5)];
    const admission = decideAdmission(chain, request, now);
    assert.ok(!admission.admitted);
    assert.equal(admission.budget.name, 'team');
  });

  it('without budgets admits everything', () => {
    const admission = decideAdmission([], request, now);
    assert.ok(admission.admitted);
    assert.equal(admission.outputCap, 1_000);
  });
});
