import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Amounts,
  addAmounts,
  type BudgetDefinition,
  defineBudget,
  type Limits,
  NOTHING,
  subtractAmounts,
} from '../../src/budget/index.ts';
import { MemoryStore } from '../../src/stores/index.ts';
import { TERMS } from '../budget/helpers.ts';

const KEYS = ['costNanoUsd', 'tokens', 'calls'] as const;

/** Which budgets a call is charged to, by index. */
const CHAINS = [[0], [0, 1], [0, 1, 2], [1, 2], [2]] as const;

const amounts = fc.record({
  costNanoUsd: fc.nat({ max: 3_000_000 }),
  tokens: fc.nat({ max: 3_000 }),
  calls: fc.nat({ max: 2 }),
});

const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      chain: fc.constantFrom(...CHAINS),
      fixed: amounts,
      outputPicoUsd: fc.nat({ max: 60_000_000 }),
      choices: fc.integer({ min: 1, max: 4 }),
      outputCap: fc.nat({ max: 5_000 }),
      capped: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      which: fc.nat({ max: 30 }),
      percent: fc.nat({ max: 100 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), which: fc.nat({ max: 30 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('charge' as const),
      chain: fc.constantFrom(...CHAINS),
      used: amounts,
    }),
  },
);

const limits = fc.record(
  {
    costUsd: fc.integer({ min: 0, max: 50 }).map((thousandths) => thousandths / 1_000),
    tokens: fc.nat({ max: 20_000 }),
    calls: fc.nat({ max: 15 }),
  },
  { requiredKeys: [] },
);
const shares = fc.constantFrom(0.1, 0.5, 1);

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** The expected balances, kept in the simplest possible way. */
interface Model {
  readonly budget: BudgetDefinition;
  readonly most: Amounts;
  settled: Amounts;
  reserved: Amounts;
  open: number;
}

function modelOf(given: Limits, index: number, maxShare: number): Model {
  const most = {
    costNanoUsd: given.costUsd === undefined ? Infinity : Math.round(given.costUsd * 1e9),
    tokens: given.tokens ?? Infinity,
    calls: given.calls ?? Infinity,
  };
  const budget = defineBudget({ name: `budget ${index}`, limits: given, maxShare });
  return { budget, most, settled: NOTHING, reserved: NOTHING, open: 0 };
}

function fits(model: Model, more: Amounts): boolean {
  return KEYS.every((key) => model.settled[key] + model.reserved[key] + more[key] <= model.most[key]);
}

function assertSame(store: MemoryStore, models: readonly Model[]): void {
  for (const model of models) {
    const { settled, reserved, open } = store.balances(model.budget);
    assert.deepEqual(
      { settled, reserved, open },
      { settled: model.settled, reserved: model.reserved, open: model.open },
    );
    for (const key of KEYS) {
      assert.ok(settled[key] + reserved[key] <= model.most[key], `${key} above the limit`);
      assert.ok(Number.isSafeInteger(settled[key]) && settled[key] >= 0);
      assert.ok(Number.isSafeInteger(reserved[key]) && reserved[key] >= 0);
    }
  }
}

function part(whole: Amounts, percent: number): Amounts {
  const of = (amount: number): number => Math.floor((amount * percent) / 100);
  return { costNanoUsd: of(whole.costNanoUsd), tokens: of(whole.tokens), calls: whole.calls };
}

function run(given: readonly Limits[], maxShare: number, commands: readonly Command[]): void {
  const store = new MemoryStore();
  const models = given.map((one, index) => modelOf(one, index, maxShare));
  const reservations: { id: string; chain: Model[]; reserved: Amounts; open: boolean }[] = [];
  const chainOf = (indices: readonly number[]): Model[] => indices.flatMap((index) => models[index] ?? []);
  for (const one of commands) {
    if (one.do === 'reserve') {
      const chain = chainOf(one.chain);
      const id = `call ${reservations.length}`;
      const answer = store.reserve(
        chain.map(({ budget }) => budget),
        { ...one, ...TERMS, id },
      );
      if (answer.admitted) {
        assert.ok(answer.outputCap <= one.outputCap && answer.outputCap >= Math.min(16, one.outputCap));
        assert.equal(answer.reserved.tokens, one.fixed.tokens + answer.outputCap * one.choices);
        reservations.push({ id, chain, reserved: answer.reserved, open: true });
        for (const model of chain) {
          assert.ok(fits(model, answer.reserved), 'more was reserved than is left');
          model.reserved = addAmounts(model.reserved, answer.reserved);
          model.open += 1;
        }
      } else {
        assert.ok(chain.some(({ budget }) => budget === answer.budget));
      }
    } else if (one.do === 'charge') {
      const chain = chainOf(one.chain);
      if (!chain.every((model) => fits(model, one.used))) continue;
      store.charge(
        chain.map(({ budget }) => budget),
        one.used,
      );
      for (const model of chain) model.settled = addAmounts(model.settled, one.used);
    } else {
      const reservation = reservations[one.which];
      if (reservation === undefined) continue;
      const used = one.do === 'settle' ? part(reservation.reserved, one.percent) : NOTHING;
      const closed = one.do === 'settle' ? store.settle(reservation.id, used) : store.release(reservation.id);
      assert.equal(closed, reservation.open, 'a reservation ends once');
      if (!reservation.open) continue;
      reservation.open = false;
      for (const model of reservation.chain) {
        model.reserved = subtractAmounts(model.reserved, reservation.reserved);
        model.settled = addAmounts(model.settled, used);
        model.open -= 1;
      }
    }
    assertSame(store, models);
  }
}

describe('in strict mode', () => {
  it('settled and reserved never exceed a limit of any budget of the chain, after any sequence of operations', () => {
    fc.assert(
      fc.property(
        fc.array(limits, { minLength: 1, maxLength: 3 }),
        shares,
        fc.array(command, { minLength: 1, maxLength: 60 }),
        run,
      ),
      { numRuns: 500 },
    );
  });

  it('a call that fits is admitted with everything it asks for', () => {
    fc.assert(
      fc.property(
        limits,
        amounts,
        fc.nat({ max: 5_000 }),
        fc.integer({ min: 1, max: 3 }),
        (given, fixed, outputCap, choices) => {
          const model = modelOf(given, 0, 0.5);
          const outputPicoUsd = 14_000_000 * choices;
          const whole = {
            costNanoUsd: fixed.costNanoUsd + Math.ceil((outputPicoUsd * outputCap) / 1_000),
            tokens: fixed.tokens + outputCap * choices,
            calls: fixed.calls,
          };
          const request = {
            id: 'a',
            ...TERMS,
            fixed,
            outputPicoUsd,
            choices,
            outputCap,
            capped: true,
          };
          const answer = new MemoryStore().reserve([model.budget], request);
          const reached = KEYS.some((key) => model.most[key] === 0);
          if (fits(model, whole) && !reached) {
            assert.ok(answer.admitted);
            assert.deepEqual([answer.outputCap, answer.reserved], [outputCap, whole]);
          } else if (answer.admitted) {
            assert.ok(answer.outputCap < outputCap, 'a call that does not fit is clamped');
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
