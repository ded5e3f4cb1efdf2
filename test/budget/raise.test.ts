import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  type BudgetEvent,
  BudgetExceededError,
  defineBudget,
  NO_GRANT,
  TokenBudgetTracker,
} from '../../src/budget/index.ts';
import { SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { amounts, deniedOf, eventKinds, reserveOf } from './helpers.ts';

describe('a tracker whose limits were raised by an operator', () => {
  const directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-raise-'));
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('reports the limit plus its grant in status, errors and events, and reports events again', async () => {
    const budget = defineBudget({ name: 'job', limits: { tokens: 100, costUsd: 1, minutes: 10 } });
    const store = new SqliteStore(join(directory, 'ledger.db'));
    const operator = new SqliteStore(join(directory, 'ledger.db'));
    const tracker = new TokenBudgetTracker(budget, { store });
    const events: BudgetEvent[] = [];
    tracker.on((event) => events.push(event));
    await tracker.charge(amounts({ tokens: 100 }));
    assert.deepEqual(eventKinds(events.splice(0)), [0.5, 0.8, 0.95, 1, 'exhausted']);

    await operator.raise(budget, {
      ...NO_GRANT,
      tokens: 100,
      costNanoUsd: 500_000_000,
      milliseconds: 60_000,
    });
    const { limits, left, usedShare, exhausted } = await tracker.status();
    assert.deepEqual(limits, { tokens: 200, costUsd: 1.5, minutes: 11 });
    assert.deepEqual([left.tokens, left.costUsd, usedShare, exhausted], [100, 1.5, 0.5, false]);

    await tracker.charge(amounts({ tokens: 100 }));
    const [first] = events;
    assert.ok(first?.type === 'threshold');
    assert.equal(first.limitValue, 200);
    assert.deepEqual(eventKinds(events.splice(0)), [0.5, 0.8, 0.95, 1, 'exhausted']);
    const error = new BudgetExceededError(
      deniedOf(await tracker.reserve(reserveOf({ fixed: amounts({ tokens: 1 }) }))),
    );
    assert.deepEqual(error.limit, { name: 'tokens', value: 200 });
    assert.match(error.message, /200 tokens of 200 tokens spent/);
    assert.match(
      error.message,
      /\. Raise the limit with "token-budget raise" while it runs, or with TOKEN_BUDGET_TOKENS and start again\.$/,
    );

    await operator.reset(budget);
    const fresh = await tracker.status();
    assert.deepEqual([fresh.limits.tokens, fresh.left.tokens, fresh.exhausted], [100, 100, false]);
    for (const one of [store, operator]) await one.close();
  });
});
