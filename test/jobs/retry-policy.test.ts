import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import OpenAI from 'openai';
import { BudgetExceededError, defineBudget, TokenBudgetTracker } from '../../src/budget/index.ts';
import { isRetryable, stopReasonOf } from '../../src/jobs/control/retry-policy.ts';
import { StopSwitch } from '../../src/jobs/control/stop-switch.ts';
import { MemoryStore } from '../../src/stores/index.ts';

const running = (): StopSwitch => new StopSwitch({ deadline: Infinity, now: Date.now });

const tracker = (): TokenBudgetTracker =>
  new TokenBudgetTracker(defineBudget({ name: 'job', limits: { costUsd: 1 } }), { store: new MemoryStore() });

async function exhaustedTracker(): Promise<TokenBudgetTracker> {
  const exhausted = tracker();
  await exhausted.recordUsage({ model: 'gpt-5.2', usage: { input: 10_000_000 } });
  assert.ok(exhausted.isExhausted);
  return exhausted;
}

/** An error of the SDK for an HTTP status, as it throws it. */
const statusError = (status: number): Error => OpenAI.APIError.generate(status, {}, 'no', new Headers());

describe('the retry of a step', () => {
  for (const status of [408, 409, 429, 500, 503]) {
    it(`follows status ${status}`, () => {
      assert.equal(isRetryable(statusError(status), running(), tracker()), true);
    });
  }

  for (const status of [400, 401, 403, 404, 422]) {
    it(`does not follow status ${status}`, () => {
      assert.equal(isRetryable(statusError(status), running(), tracker()), false);
    });
  }

  it('follows a broken connection, and any other error', () => {
    const broken = new OpenAI.APIConnectionError({ message: 'Connection error.' });
    assert.equal(isRetryable(broken, running(), tracker()), true);
    assert.equal(isRetryable('text', running(), tracker()), true);
  });

  it('does not follow an abort, whatever its class is called', () => {
    class Minified extends OpenAI.APIUserAbortError {}
    for (const abort of [
      new OpenAI.APIUserAbortError(),
      new Minified(),
      new DOMException('', 'AbortError'),
    ]) {
      assert.equal(isRetryable(abort, running(), tracker()), false);
    }
  });

  it('does not follow an exhausted budget', async () => {
    assert.equal(isRetryable(statusError(500), running(), await exhaustedTracker()), false);
  });
});

describe('the reason a job stops for', () => {
  it('is `exhausted` if the budget aborted the call', async () => {
    const abort = new OpenAI.APIUserAbortError();
    assert.equal(stopReasonOf(abort, running(), await exhaustedTracker()), 'exhausted');
    assert.equal(stopReasonOf(abort, running(), tracker()), 'error');
  });

  it('is `deadline` if the limit of minutes denied the call, and `exhausted` for any other limit', () => {
    const budget = defineBudget({ name: 'job', limits: { minutes: 1, costUsd: 1 } });
    const none = { costNanoUsd: 0, tokens: 0, calls: 0 };
    const denied = (limit: 'minutes' | 'costUsd') =>
      new BudgetExceededError({
        admitted: false,
        budget,
        limit,
        balances: { settled: none, reserved: none, open: 0, startedAt: 0 },
        requested: none,
      });
    assert.equal(stopReasonOf(denied('minutes'), running(), tracker()), 'deadline');
    assert.equal(stopReasonOf(denied('costUsd'), running(), tracker()), 'exhausted');
  });
});
