import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  type BudgetEvent,
  CheckpointError,
  defineBudget,
  TokenBudgetTracker,
} from '../../src/budget/index.ts';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import { SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { amounts, reserveOf, trackerOf } from './helpers.ts';

const used = (tokens: number) => amounts({ tokens, costNanoUsd: tokens * 10, calls: 1 });
const fault = (wanted: string) => (error: unknown) =>
  error instanceof CheckpointError && error.fault === wanted;

describe('a tracker', () => {
  it('records a response of Chat and of Responses by its usage, and tokens by kind', async () => {
    const { tracker, events } = trackerOf({ costUsd: 1 });
    await tracker.recordUsage({ model: 'gpt-5.2', usage: { prompt_tokens: 1_000, completion_tokens: 100 } });
    await tracker.recordUsage({
      model: 'gpt-5.2',
      usage: { input_tokens: 1_000, output_tokens: 100, input_tokens_details: { cached_tokens: 1_000 } },
    });
    await tracker.recordUsage({ model: 'gpt-5.2', usage: { input: 0, output: 1 } });
    const { settled } = (await tracker.status()).balances;
    assert.deepEqual(settled, {
      costNanoUsd: 1_750_000 + 1_400_000 + 175_000 + 1_400_000 + 14_000,
      tokens: 2_201,
      calls: 3,
    });
    assert.equal(events.filter(({ type }) => type === 'call').length, 3);
    assert.equal(tracker.remaining.costUsd, (1e9 - settled.costNanoUsd) / 1e9);
  });

  for (const usage of [
    undefined,
    {},
    { prompt_tokens: -5, completion_tokens: 1 },
    { input: -1 },
    { input: 1.5, output: 1 },
  ]) {
    it(`rejects ${JSON.stringify(usage)} and charges nothing`, async () => {
      const { tracker } = trackerOf({ costUsd: 1 });
      await assert.rejects(async () => tracker.recordUsage({ model: 'gpt-5.2', usage }), RangeError);
      assert.equal((await tracker.status()).balances.settled.calls, 0);
    });
  }

  it('aborts its signal once it is exhausted, and has a new one in the next window', async () => {
    const { tracker, clock } = trackerOf({ tokens: 100 }, { window: { per: 'hour', timeZone: 'UTC' } });
    const { signal } = tracker;
    await tracker.charge(used(99));
    assert.deepEqual([signal.aborted, tracker.isExhausted], [false, false]);
    await tracker.charge(used(1));
    assert.deepEqual([signal.aborted, tracker.isExhausted, tracker.signal.aborted], [true, true, true]);
    assert.equal(signal.reason.code, 'token_budget_exhausted');
    clock.now += 3_600_000;
    await tracker.charge(used(1));
    assert.deepEqual([tracker.isExhausted, tracker.signal.aborted], [false, false]);
  });

  it('has parts, which spend from it, report to it, and may have limits of their own', async () => {
    const { tracker, events } = trackerOf({ tokens: 1_000 });
    const part = tracker.within('read');
    const small = tracker.within('search', { tokens: 100 });
    assert.deepEqual([part.names, small.names], [['test'], ['test/search', 'test']]);
    const { signal } = small;
    await small.charge(used(100));
    await part.charge(used(500));
    assert.deepEqual(
      [signal.aborted, small.isExhausted, part.isExhausted, tracker.isExhausted],
      [true, true, false, false],
    );
    assert.equal(tracker.signal.aborted, false);
    assert.equal(tracker.remaining.tokens, 400);
    // A threshold of the whole is told once, whichever part crosses it.
    await tracker.within('write').charge(used(1));
    const told = events.filter((event) => event.type === 'threshold' && event.budget === 'test');
    assert.deepEqual(
      told.map(({ scope }) => scope),
      ['read'],
    );
    assert.ok(events.some(({ type, scope }) => type === 'exhausted' && scope === 'search'));
    await tracker.charge(used(500));
    assert.deepEqual([part.signal.aborted, part.isExhausted], [true, true]);
  });

  it('continues from its checkpoint: in memory it is charged with it, open amounts included', async () => {
    const { tracker, clock } = trackerOf({ tokens: 1_000, minutes: 60 });
    await tracker.charge(used(600));
    await tracker.reserve(reserveOf({ outputCap: 100 }));
    const text = JSON.stringify(tracker);
    clock.now += 10 * 60_000;
    const events: BudgetEvent[] = [];
    const now = () => clock.now;
    const restored = await TokenBudgetTracker.fromJSON(text, { store: new MemoryStore(now), now });
    restored.on((event) => events.push(event));
    assert.deepEqual(restored.remaining, { tokens: 300, minutes: 50 });
    assert.deepEqual(restored.budget, tracker.budget);
    // 50 % was told before; 80 % was not.
    await restored.charge(used(100));
    assert.deepEqual(
      events.map((event) => event.type === 'threshold' && event.threshold),
      [0.8],
    );
  });

  it('relies on the ledger if it outlives the process', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-'));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    const budget = defineBudget({ name: 'job', limits: { tokens: 1_000 } });
    const open = () => new SqliteStore(join(directory, 'ledger.db'));
    const tracker = new TokenBudgetTracker(budget, { store: open() });
    await tracker.charge(used(100));
    await tracker.reserve(reserveOf({ id: 'open', outputCap: 200 }));
    const text = JSON.stringify(tracker);
    await tracker.settle('open', used(50));
    await tracker.charge(used(400));
    const restored = await TokenBudgetTracker.fromJSON(text, { store: open() });
    assert.equal((await restored.status()).balances.settled.tokens, 550);
    // A ledger that was lost begins with what the checkpoint knows, once.
    const elsewhere = () => new SqliteStore(join(directory, 'another.db'));
    for (let time = 0; time < 2; time += 1) {
      const again = await TokenBudgetTracker.fromJSON(text, { store: elsewhere() });
      assert.equal((await again.status()).balances.settled.tokens, 300);
    }
  });

  it('can be given more with a checkpoint, and is no longer exhausted then', async () => {
    const { tracker } = trackerOf({ tokens: 100 });
    await tracker.charge(used(100));
    const checkpoint = tracker.toJSON();
    const store = () => new MemoryStore();
    assert.equal((await TokenBudgetTracker.fromJSON(checkpoint, { store: store() })).isExhausted, true);
    const budget = defineBudget({ name: 'test', limits: { tokens: 300 } });
    const raised = await TokenBudgetTracker.fromJSON(checkpoint, { store: store(), budget });
    assert.deepEqual([raised.isExhausted, raised.remaining.tokens], [false, 200]);
  });

  it('rejects a checkpoint that is damaged, foreign, newer, or of another budget', async () => {
    const { tracker } = trackerOf({ tokens: 100 });
    await tracker.charge(used(40));
    const text = JSON.stringify(tracker);
    const take = (given: unknown, name?: string) => async () =>
      TokenBudgetTracker.fromJSON(given, {
        store: new MemoryStore(),
        ...(name === undefined ? {} : { budget: defineBudget({ name, limits: {} }) }),
      });
    await assert.rejects(take(''), fault('damaged'));
    await assert.rejects(take(text.slice(0, -20)), fault('damaged'));
    await assert.rejects(take(text.replace('"tokens":40', '"tokens":4')), fault('damaged'));
    await assert.rejects(take('{"some":"json"}'), fault('foreign'));
    await assert.rejects(take(null), fault('foreign'));
    await assert.rejects(take(text.replace('"version":1', '"version":2')), fault('newer'));
    await assert.rejects(take(text, 'another'), fault('another'));
  });

  it('accepts a checkpoint whose keys a database has put into another order', async () => {
    const { tracker } = trackerOf({ tokens: 100 });
    await tracker.charge(used(40));
    const reversed = JSON.parse(JSON.stringify(tracker), (_key, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).reverse())
        : value,
    );
    assert.equal(
      (await TokenBudgetTracker.fromJSON(reversed, { store: new MemoryStore() })).remaining.tokens,
      60,
    );
  });
});
