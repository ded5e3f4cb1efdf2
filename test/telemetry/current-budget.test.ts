import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Context, type ContextManager, context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { type BudgetDefinition, defineBudget, TokenBudgetTracker } from '../../src/budget/index.ts';
import { MemoryStore } from '../../src/stores/index.ts';
import {
  BAGGAGE_ENTRY,
  currentBudget,
  registerBudget,
  setBaggagePolicy,
  withBudget,
} from '../../src/telemetry/context/current-budget.ts';

/** A context manager like that of the SDK for Node. */
class Contexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  active = (): Context => this.#storage.getStore() ?? ROOT_CONTEXT;
  with: ContextManager['with'] = (within, fn, self, ...args) =>
    this.#storage.run(within, () => fn.apply(self as never, args));
  bind = <T>(_within: Context, target: T): T => target;
  enable = (): this => this;
  disable = (): this => this;
}

/** A budget and its parents by their names, nearest first. */
function budgetOf(name: string, ...above: string[]): BudgetDefinition {
  const [next, ...rest] = above;
  return defineBudget({
    name,
    limits: {},
    ...(next === undefined ? {} : { parent: budgetOf(next, ...rest) }),
  });
}

function trackerOf(name: string, ...above: string[]): TokenBudgetTracker {
  return new TokenBudgetTracker(budgetOf(name, ...above), { store: new MemoryStore() });
}

function baggageOf(value: string, of: Context = ROOT_CONTEXT): Context {
  return propagation.setBaggage(of, propagation.createBaggage({ [BAGGAGE_ENTRY]: { value } }));
}

function sent(): string | undefined {
  return propagation.getActiveBaggage()?.getEntry(BAGGAGE_ENTRY)?.value;
}

const later = (): Promise<void> => new Promise((done) => setImmediate(done));
const [a, b] = [trackerOf('a'), trackerOf('b')];

for (const managed of [true, false]) {
  describe(`a budget of its own, ${managed ? 'with' : 'without'} a context manager`, () => {
    beforeEach(() => {
      if (managed) context.setGlobalContextManager(new Contexts());
    });
    afterEach(() => context.disable());

    it('is that of what runs in it, and of what that starts', async () => {
      assert.equal(currentBudget(), undefined);
      const result = await withBudget(a, async () => {
        const before = currentBudget();
        await later();
        return [before, currentBudget()];
      });
      assert.deepEqual(result, [a, a]);
      assert.equal(currentBudget(), undefined);
    });

    it('is the innermost, and the outer one again after it', async () => {
      await withBudget(a, async () => {
        assert.equal(
          withBudget(b, () => currentBudget()),
          b,
        );
        assert.equal(currentBudget(), a);
        await withBudget(b, later);
        assert.equal(currentBudget(), a);
      });
    });

    it('is apart for jobs in parallel', async () => {
      const job = (tracker: TokenBudgetTracker) =>
        withBudget(tracker, async () => {
          await later();
          return currentBudget();
        });
      assert.deepEqual(await Promise.all([job(a), job(b), job(a)]), [a, b, a]);
    });

    it('gives what the function gives, and ends where it throws', () => {
      assert.equal(
        withBudget(a, () => 5),
        5,
      );
      assert.throws(() =>
        withBudget(a, () => {
          throw new Error('a fault of the host');
        }),
      );
      assert.equal(currentBudget(), undefined);
    });

    it('goes before what baggage names', () => {
      registerBudget(b);
      setBaggagePolicy({ send: false, accept: ['b'] });
      const of = withBudget(a, () => baggageOf('b', context.active()));
      assert.equal(
        withBudget(a, () => currentBudget(of)),
        a,
      );
      setBaggagePolicy({ send: false, accept: [] });
    });
  });
}

describe('baggage from outside', () => {
  const [known, other] = [trackerOf('known', 'team'), trackerOf('other')];
  registerBudget(known);
  registerBudget(other);
  afterEach(() => setBaggagePolicy({ send: false, accept: [] }));

  it('chooses nothing unless its name is accepted', () => {
    assert.equal(currentBudget(baggageOf('known')), undefined);
    setBaggagePolicy({ send: true, accept: [] });
    assert.equal(currentBudget(baggageOf('known')), undefined);
    setBaggagePolicy({ send: false, accept: ['other'] });
    assert.equal(currentBudget(baggageOf('known')), undefined);
  });

  it('chooses a budget that is accepted and registered', () => {
    setBaggagePolicy({ send: false, accept: ['known'] });
    assert.equal(currentBudget(baggageOf('known')), known);
    assert.equal(currentBudget(baggageOf('known,team')), known);
    assert.equal(currentBudget(baggageOf('job,known')), known);
    setBaggagePolicy({ send: false, accept: ['known', 'other'] });
    assert.equal(currentBudget(baggageOf('other,known')), other);
  });

  it('makes no budget: a name that is unknown is passed over', () => {
    setBaggagePolicy({ send: false, accept: ['made-up', 'known'] });
    for (const value of [
      'made-up',
      '',
      ',',
      ' ',
      'KNOWN',
      'known ',
      'team',
      '__proto__',
      'x'.repeat(5_000),
    ]) {
      assert.equal(currentBudget(baggageOf(value)), undefined, value);
    }
    assert.equal(currentBudget(baggageOf('made-up,known')), known);
  });

  it('is not looked for in other entries', () => {
    setBaggagePolicy({ send: false, accept: ['known'] });
    const baggage = propagation.createBaggage({ budget: { value: 'known' } });
    assert.equal(currentBudget(propagation.setBaggage(ROOT_CONTEXT, baggage)), undefined);
    assert.equal(currentBudget(ROOT_CONTEXT), undefined);
  });
});

describe('baggage to others', () => {
  const job = trackerOf('job', 'team', 'org');
  beforeEach(() => void context.setGlobalContextManager(new Contexts()));
  afterEach(() => {
    context.disable();
    setBaggagePolicy({ send: false, accept: [] });
  });

  it('is not sent unless that is set', () => {
    assert.equal(withBudget(job, sent), undefined);
  });

  it('has the names of the chain, nearest first', () => {
    setBaggagePolicy({ send: true, accept: [] });
    assert.equal(withBudget(job, sent), 'job,team,org');
    assert.equal(
      withBudget(job, () => withBudget(a, sent)),
      'a',
    );
    assert.equal(sent(), undefined);
  });

  it('keeps the entries of the host', () => {
    setBaggagePolicy({ send: true, accept: [] });
    const host = propagation.setBaggage(
      ROOT_CONTEXT,
      propagation.createBaggage({ tenant: { value: 't1' }, [BAGGAGE_ENTRY]: { value: 'from afar' } }),
    );
    const entries = context.with(host, () =>
      withBudget(job, () => propagation.getActiveBaggage()?.getAllEntries() ?? []),
    );
    assert.deepEqual(
      entries.map(([name, { value }]) => [name, value]),
      [
        ['tenant', 't1'],
        [BAGGAGE_ENTRY, 'job,team,org'],
      ],
    );
  });
});
