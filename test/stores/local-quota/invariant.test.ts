import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Abandoned,
  type Admission,
  type Amounts,
  addAmounts,
  type Balances,
  type BudgetDefinition,
  type ChargeName,
  defineBudget,
  type Limits,
  NOTHING,
  type ReserveRequest,
  type Store,
  StoreError,
} from '../../../src/budget/index.ts';
import { LocalQuotaStore } from '../../../src/stores/local-quota/local-quota-store.ts';
import { MemoryStore } from '../../../src/stores/memory-store.ts';

const KEYS = ['costNanoUsd', 'tokens', 'calls'] as const;
const CHAINS = [[0], [0, 2], [1, 2], [2]] as const;

/**
 * A memory store behind a network: answers come later, in any order, and some fail, before or after the work
 * is done.
 */
class FlakyStore implements Store {
  readonly inner = new MemoryStore();
  failing = 0;
  reserves = 0;
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  reserve(chain: readonly BudgetDefinition[], request: ReserveRequest): Promise<Admission> {
    this.reserves += 1;
    const mayBeLost = request.id.startsWith('quota:');
    return this.#travel(mayBeLost, () => this.inner.reserve(chain, request));
  }

  grow(chain: readonly BudgetDefinition[], id: string, more: Amounts): Promise<boolean> {
    return this.#travel(true, () => this.inner.grow(chain, id, more));
  }

  settle(id: string, used: Amounts): Promise<boolean> {
    return this.#travel(true, () => this.inner.settle(id, used));
  }

  release(id: string): Promise<boolean> {
    return this.#travel(true, () => this.inner.release(id));
  }

  transfer(id: string, to: string): Promise<boolean> {
    return this.#travel(false, () => this.inner.transfer(id, to));
  }

  chargeAbandoned(idPrefix: string): Promise<readonly Abandoned[]> {
    return this.#travel(false, () => this.inner.chargeAbandoned(idPrefix));
  }

  charge(chain: readonly BudgetDefinition[], used: Amounts): Promise<void> {
    return this.#travel(false, () => this.inner.charge(chain, used));
  }

  chargeOnce(chain: readonly BudgetDefinition[], used: Amounts, name: ChargeName): Promise<number> {
    return this.#travel(false, () => this.inner.chargeOnce(chain, used, name));
  }

  balances(budget: BudgetDefinition): Promise<Balances> {
    return this.#travel(true, () => this.inner.balances(budget));
  }

  heartbeat(): Promise<void> {
    return this.#travel(true, () => {});
  }

  close(): void {}

  random(below: number): number {
    // xorshift32: the same for the same seed.
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % below;
  }

  async #travel<T>(mayBeLost: boolean, act: () => T): Promise<T> {
    await this.#ticks();
    const fate = this.random(100);
    if (fate < this.failing) throw new StoreError('the request was lost');
    const value = act();
    await this.#ticks();
    if (mayBeLost && fate < 2 * this.failing) throw new StoreError('the answer was lost');
    return value;
  }

  async #ticks(): Promise<void> {
    for (let left = this.random(12); left > 0; left -= 1) await undefined;
  }
}

const amounts = fc.record({
  costNanoUsd: fc.nat({ max: 200_000 }),
  tokens: fc.nat({ max: 200 }),
  calls: fc.constant(1),
});

const larger = fc.record({
  costNanoUsd: fc.nat({ max: 4_000_000 }),
  tokens: fc.nat({ max: 4_000 }),
  calls: fc.nat({ max: 3 }),
});

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      store: fc.nat({ max: 2 }),
      chain: fc.constantFrom(...CHAINS),
      fixed: amounts,
      outputPicoUsd: fc.nat({ max: 3_000_000 }),
      choices: fc.integer({ min: 1, max: 3 }),
      outputCap: fc.nat({ max: 300 }),
      capped: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      which: fc.nat({ max: 150 }),
      percent: fc.nat({ max: 100 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('grow' as const), which: fc.nat({ max: 150 }), more: larger }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('maintain' as const), store: fc.nat({ max: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const) }) },
);

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

const limits = fc.record(
  {
    costUsd: fc.integer({ min: 1, max: 400 }).map((thousandths) => thousandths / 4_000),
    tokens: fc.integer({ min: 1, max: 40_000 }),
    calls: fc.integer({ min: 1, max: 300 }),
  },
  { requiredKeys: [] },
);

interface Call {
  readonly store: LocalQuotaStore;
  readonly id: string;
  readonly chain: readonly BudgetDefinition[];
  reserved: Amounts;
  open: boolean;
}

/** What all calls of all processes did to a budget, in the simplest possible form. */
class Truth {
  readonly calls: Call[] = [];
  readonly settled = new Map<string, Amounts>();

  check(budget: BudgetDefinition, remote: Balances): void {
    let mine = this.settled.get(budget.name) ?? NOTHING;
    for (const call of this.calls)
      if (call.open && call.chain.includes(budget)) mine = addAmounts(mine, call.reserved);
    const limits = {
      costNanoUsd: Math.round((budget.limits.costUsd ?? Infinity) * 1e9),
      tokens: budget.limits.tokens ?? Infinity,
      calls: budget.limits.calls ?? Infinity,
    };
    for (const key of KEYS) {
      const there = remote.settled[key] + remote.reserved[key];
      assert.ok(there <= limits[key], `${key}: ${there} of ${limits[key]} on the remote store`);
      assert.ok(mine[key] <= there, `${key}: the calls have ${mine[key]}, the remote store has ${there}`);
    }
  }

  end(call: Call, used: Amounts): void {
    call.open = false;
    for (const { name } of call.chain)
      this.settled.set(name, addAmounts(this.settled.get(name) ?? NOTHING, used));
  }
}

/** @returns how many calls were answered at once */
async function run(
  given: readonly Limits[],
  seed: number,
  failing: number,
  share: number,
  commands: readonly Command[],
): Promise<number> {
  const remote = new FlakyStore(seed);
  remote.failing = failing;
  const stores = [0, 1, 2].map(
    () =>
      new LocalQuotaStore(remote, {
        maintenanceIntervalMs: 0,
        idleMs: 0,
        burstWindowMs: 60_000,
        pauseMs: 0,
        prefetchCalls: 8,
        maxQuotaShare: share,
      }),
  );
  const budgets = given.map((one, index) => defineBudget({ name: `budget ${index}`, limits: one }));
  const chains = CHAINS.map((indices) => indices.flatMap((index) => budgets[index] ?? []));
  const truth = new Truth();
  const pending = new Set<Promise<unknown>>();
  let local = 0;
  let failure: unknown;
  const check = (): void => {
    if (failure !== undefined) throw failure;
    for (const budget of budgets) truth.check(budget, remote.inner.balances(budget));
  };
  const later = (work: Promise<unknown>): void => {
    const done: Promise<unknown> = work
      .catch((error: unknown) => {
        if (!(error instanceof StoreError)) failure ??= error;
      })
      .finally(() => pending.delete(done));
    pending.add(done);
  };
  let n = 0;
  for (const one of commands) {
    if (one.do === 'reserve') {
      const store = stores[one.store] ?? assert.fail();
      const chain = chains[CHAINS.indexOf(one.chain)] ?? assert.fail();
      n += 1;
      const id = `call ${n}`;
      const onAnswer = (answer: Admission): void => {
        if (!answer.admitted) return;
        assert.ok(answer.outputCap <= one.outputCap && answer.outputCap >= Math.min(16, one.outputCap));
        truth.calls.push({ store, id, chain, reserved: answer.reserved, open: true });
        check();
      };
      const answer = store.reserve(chain, { ...one, id, leaseMs: 60_000 });
      if (answer instanceof Promise) later(answer.then(onAnswer));
      else {
        local += 1;
        onAnswer(answer);
      }
    } else if (one.do === 'settle' || one.do === 'grow') {
      const call = truth.calls[one.which];
      if (call?.open !== true) continue;
      if (one.do === 'grow') {
        const more = one.more;
        const grown = async (): Promise<void> => {
          if ((await call.store.grow(call.chain, call.id, more)) && call.open) {
            call.reserved = addAmounts(call.reserved, more);
          }
        };
        later(grown());
      } else {
        const used = part(call.reserved, one.percent);
        truth.end(call, used);
        later(settle(call, used));
      }
    } else if (one.do === 'maintain') later(stores[one.store]?.maintain() ?? assert.fail());
    else await new Promise((resolve) => setImmediate(resolve));
    check();
  }
  while (pending.size > 0) await Promise.all(pending);
  check();
  remote.failing = 0;
  for (const call of truth.calls) {
    if (!call.open) continue;
    truth.end(call, NOTHING);
    await settle(call, NOTHING);
  }
  for (const store of stores) await store.close();
  for (const budget of budgets) {
    const { settled, reserved, open } = remote.inner.balances(budget);
    assert.deepEqual([settled, reserved, open], [truth.settled.get(budget.name) ?? NOTHING, NOTHING, 0]);
  }
  return local;
}

/** Repeats until it is answered, as a caller whose settlement failed does. */
async function settle(call: Call, used: Amounts): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      await call.store.settle(call.id, used);
      return;
    } catch (error) {
      assert.ok(error instanceof StoreError);
    }
  }
  assert.fail('a settlement failed again and again');
}

function part(whole: Amounts, percent: number): Amounts {
  const of = (amount: number): number => Math.floor((amount * percent) / 100);
  return { costNanoUsd: of(whole.costNanoUsd), tokens: of(whole.tokens), calls: whole.calls };
}

describe('processes with local quotas of the same budgets', () => {
  it('never exceed a limit together, and charge usage exactly once, whatever fails and in any order', async () => {
    let local = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(limits, { minLength: 3, maxLength: 3 }),
        fc.integer(),
        fc.constantFrom(0, 0, 5, 15),
        fc.constantFrom(1 / 16, 1 / 4, 1),
        fc.array(command, { minLength: 150, maxLength: 400, size: 'max' }),
        async (given, seed, failing, share, commands) => {
          local += await run(given, seed, failing, share, commands);
        },
      ),
      { numRuns: 300 },
    );
    assert.ok(local > 1_000, `only ${local} calls were answered at once`);
  });
});
