import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Amounts, type BudgetDefinition, defineBudget, MODES } from '../../src/budget/index.ts';
import type { TimedHarness } from './contract-support.ts';
import { Model } from './model.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Which budgets a call is charged to, by index, nearest first. */
const CHAINS = [[0], [0, 1], [0, 1, 2], [1, 2], [2], [2, 0]] as const;

const amounts = fc.record({
  costNanoUsd: fc.nat({ max: 3_000_000 }),
  tokens: fc.nat({ max: 3_000 }),
  calls: fc.nat({ max: 2 }),
});

const which = fc.nat({ max: 12 });

// Half minutes: no lease and no limit ends at the very moment of a step, which whole minutes lie between.
const halfMinutes = fc.oneof(fc.nat({ max: 8 }), fc.nat({ max: 90 })).map((minutes) => minutes + 0.5);

const command = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      chain: fc.constantFrom(...CHAINS),
      fixed: amounts,
      outputPicoUsd: fc.nat({ max: 60_000_000 }),
      choices: fc.integer({ min: 1, max: 4 }),
      outputCap: fc.nat({ max: 5_000 }),
      capped: fc.boolean(),
      leaseMinutes: halfMinutes,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('grow' as const), which, more: amounts }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      which,
      // Rarely more than was reserved.
      percent: fc.oneof(
        { weight: 9, arbitrary: fc.nat({ max: 100 }) },
        { weight: 1, arbitrary: fc.constant(150) },
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), which }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('charge' as const),
      chain: fc.constantFrom(...CHAINS),
      used: amounts,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('heartbeat' as const),
      which: fc.array(which, { maxLength: 3 }),
      leaseMinutes: halfMinutes,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      minutes: fc.constantFrom(1, 7, 20, 47, 61, 1_441),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('raise' as const),
      nth: fc.nat({ max: 2 }),
      by: amounts,
      minutes: which,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reset' as const), nth: fc.nat({ max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('read' as const) }) },
);

const budget = fc.record({
  limits: fc.record(
    {
      costUsd: fc.integer({ min: 0, max: 50 }).map((thousandths) => thousandths / 1_000),
      tokens: fc.nat({ max: 20_000 }),
      calls: fc.nat({ max: 15 }),
      minutes: halfMinutes,
    },
    { requiredKeys: [] },
  ),
  mode: fc.oneof(
    { weight: 2, arbitrary: fc.constant('strict' as const) },
    { weight: 1, arbitrary: fc.constantFrom(...MODES) },
  ),
  maxShare: fc.constantFrom(0.1, 0.5, 1),
  per: fc.constantFrom(undefined, 'hour' as const, 'day' as const),
});

/** Three budgets and the operations on them. */
export const story = fc.record({
  budgets: fc.array(budget, { minLength: 3, maxLength: 3 }),
  commands: fc.array(command, { minLength: 1, maxLength: 50 }),
  /** Reading balances ends leases and starts windows: without it, these have to happen as well. */
  readsAfterEveryStep: fc.boolean(),
});

export type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;
type Command = Story['commands'][number];

/** Runs a story on a store and on the model, and compares them. */
export async function runStory(
  { budgets, commands, readsAfterEveryStep }: Story,
  harness: TimedHarness,
): Promise<void> {
  const { clock, reopen, administration } = harness;
  let { store } = harness;
  // Steps are at whole minutes and some seconds, so that the seconds by which the store's clock may advance
  // change nothing.
  await clock.advance(HOUR - (clock.now() % HOUR) + 5_000);
  const model = new Model(reopen !== undefined);
  const defined = budgets.map(({ per, ...rest }, index) =>
    defineBudget({
      name: `budget ${index}`,
      ...rest,
      ...(per === undefined ? {} : { window: { per, timeZone: 'UTC' } }),
    }),
  );
  const chainOf = (indices: readonly number[]): BudgetDefinition[] =>
    indices.flatMap((one) => defined[one] ?? []);
  const readAll = async (): Promise<void> => {
    for (const one of defined) model.assertBalances(one, await store.balances(one), harness.driftMs);
  };
  const reservations: { id: string; chain: BudgetDefinition[] }[] = [];
  const earlierReservation = (nth: number) =>
    reservations.at(-1 - nth) ?? { id: 'unknown', chain: chainOf([0]) };
  const step = async (one: Command, index: number): Promise<void> => {
    switch (one.do) {
      case 'reserve': {
        const { do: _, chain, leaseMinutes, ...rest } = one;
        const request = { ...rest, id: `call ${index}`, leaseMs: leaseMinutes * MINUTE };
        model.reserve(chainOf(chain), request, await store.reserve(chainOf(chain), request));
        reservations.push({ id: request.id, chain: chainOf(chain) });
        return;
      }
      case 'grow': {
        const { id, chain } = earlierReservation(one.which);
        assert.equal(await store.grow(chain, id, one.more), model.grow(id, one.more), 'grows');
        return;
      }
      case 'settle': {
        const { id } = earlierReservation(one.which);
        const used = part(model.reservedFor(id), one.percent);
        assert.equal(await store.settle(id, used), model.settle(id, used), 'was open');
        return;
      }
      case 'release': {
        const { id } = earlierReservation(one.which);
        assert.equal(await store.release(id), model.settle(id, part(undefined, 0)), 'was open');
        return;
      }
      case 'charge':
        await store.charge(chainOf(one.chain), one.used);
        return model.charge(chainOf(one.chain), one.used);
      case 'heartbeat': {
        const ids = one.which.map((nth) => earlierReservation(nth).id);
        await store.heartbeat(ids, one.leaseMinutes * MINUTE);
        return model.heartbeat(ids, one.leaseMinutes * MINUTE);
      }
      case 'raise': {
        const { by, nth, minutes } = one;
        const grant = { ...by, milliseconds: (minutes + 1) * MINUTE };
        const [budget] = chainOf([nth]);
        if (budget === undefined || administration === undefined) return;
        await administration.raise(budget, grant);
        return model.raise(budget, grant);
      }
      case 'reset': {
        const [budget] = chainOf([one.nth]);
        if (budget === undefined || administration === undefined) return;
        await administration.reset(budget);
        return model.reset(budget);
      }
      case 'advance':
        await clock.advance(one.minutes * MINUTE);
        return model.at(clock.now());
      case 'reopen':
        if (reopen !== undefined) store = await reopen();
        return;
      case 'read':
        return readAll();
    }
  };
  for (const [index, one] of commands.entries()) {
    model.at(clock.now());
    await step(one, index);
    if (readsAfterEveryStep) await readAll();
  }
  await readAll();
}

function part(whole: Amounts | undefined, percent: number): Amounts {
  const of = (amount = 0): number => Math.floor((amount * percent) / 100);
  return { costNanoUsd: of(whole?.costNanoUsd), tokens: of(whole?.tokens), calls: of(whole?.calls) };
}
