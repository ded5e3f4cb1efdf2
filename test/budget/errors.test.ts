import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BudgetExceededError, type Limits } from '../../src/budget/index.ts';
import { amounts, deniedOf, reserveOf, syncValue, trackerOf } from './helpers.ts';

const ADVICE = / Raise the limit with TOKEN_BUDGET_USD and start again\.$/;

describe('BudgetExceededError', () => {
  const { tracker } = trackerOf({ costUsd: 0.01, tokens: 5_000 });
  syncValue(tracker.charge(amounts({ costNanoUsd: 2_000_000, tokens: 150, calls: 1 })));
  syncValue(tracker.reserve(reserveOf({ outputCap: 500 })));
  const fixed = amounts({ costNanoUsd: 1_500_000, tokens: 700, calls: 1 });
  const error = new BudgetExceededError(deniedOf(tracker.reserve(reserveOf({ fixed }))));

  it('is an error that clients do not retry', () => {
    assert.ok(error instanceof Error);
    assert.deepEqual(
      [error.name, error.code, error.status],
      ['BudgetExceededError', 'token_budget_exceeded', 402],
    );
  });

  it('names budget, limit, settled, reserved and requested, in tokens and USD', () => {
    assert.equal(error.budget, 'test');
    assert.deepEqual(error.limit, { name: 'costUsd', value: 0.01 });
    assert.deepEqual(error.settled, { tokens: 150, costUsd: 0.002, calls: 1 });
    assert.deepEqual(error.reserved, { tokens: 500, costUsd: 0.007, calls: 1 });
    assert.deepEqual(error.requested, { tokens: 716, costUsd: 0.001724, calls: 1 });
  });

  it('says in one line what happened and what to do', () => {
    assert.match(error.message, /^Token budget "test" cannot pay for this call, so it was not sent: /);
    assert.match(error.message, /\$0\.002 of \$0\.01 spent, \$0\.007 reserved by open calls/);
    assert.match(error.message, /the call needs at least \$0\.001724/);
    assert.match(error.message, ADVICE);
    assert.ok(!error.message.includes('\n'));
  });
});

describe('the message of a denial', () => {
  const refuse = (limits: Limits, spent = amounts()): BudgetExceededError => {
    const { tracker, clock } = trackerOf(limits);
    syncValue(tracker.charge(spent));
    clock.now += 15 * 60_000;
    return new BudgetExceededError(deniedOf(tracker.reserve(reserveOf())));
  };

  it('by tokens', () => {
    const { message, limit } = refuse({ tokens: 100 }, amounts({ tokens: 90 }));
    assert.match(message, /90 tokens of 100 tokens spent; the call needs at least 16 tokens\./);
    assert.deepEqual(limit, { name: 'tokens', value: 100 });
  });

  it('by calls', () => {
    const { message, limit } = refuse({ calls: 3 }, amounts({ calls: 3 }));
    assert.match(
      message,
      /3 calls of 3 calls spent\. Raise the limit with TOKEN_BUDGET_CALLS and start again\.$/,
    );
    assert.deepEqual(limit, { name: 'calls', value: 3 });
  });

  it('by minutes', () => {
    const { message, limit } = refuse({ minutes: 15 });
    assert.match(
      message,
      /its 15 minutes are over\. Raise the limit with TOKEN_BUDGET_MINUTES and start again\.$/,
    );
    assert.deepEqual(limit, { name: 'minutes', value: 15 });
  });

  it('shows a small limit as money', () => {
    assert.match(refuse({ costUsd: 1e-7 }).message, /of \$0\.0000001 spent/);
  });
});
