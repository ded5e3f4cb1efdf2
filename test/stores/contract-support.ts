import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import {
  type Admission,
  type Admitted,
  type Amounts,
  type BudgetDefinition,
  type Denied,
  defineBudget,
  type LedgerAdmin,
  NOTHING,
  type ReserveRequest,
  type Store,
} from '../../src/budget/index.ts';
import type { MaybePromise } from '../../src/util/index.ts';

/** A store's clock, set by hand. It may advance by itself, some seconds in a test. */
export interface TestClock {
  /** Milliseconds since the epoch. */
  now(): number;
  advance(ms: number): MaybePromise<void>;
}

/** A new, empty ledger. */
export interface StoreHarness {
  readonly store: Store;
  /** Without one, what depends on time is not tested. */
  readonly clock?: TestClock;
  /** The same store, if it can be administered. */
  readonly administration?: LedgerAdmin;
  /** How far the store's clock may be from `clock.now()`, milliseconds; default: 0. */
  readonly driftMs?: number;
  /** For a store that outlives its processes: opens another one on the same ledger. Both remain in use. */
  readonly reopen?: () => Promise<Store>;
  close(): Promise<void>;
}

export interface TimedHarness extends StoreHarness {
  readonly clock: TestClock;
}

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export const job = defineBudget({ name: 'job', limits: { tokens: 1_000 } });
export const team = defineBudget({ name: 'team', limits: { tokens: 5_000 } });
export const org = defineBudget({ name: 'org', limits: { tokens: 50_000 } });

export function request(id: string, given: Partial<ReserveRequest> = {}): ReserveRequest {
  const fixed = { costNanoUsd: 7, tokens: 10, calls: 1 };
  const output = { outputPicoUsd: 0, choices: 1, outputCap: 50, capped: true };
  return { id, leaseMs: 10 * MINUTE, fixed, ...output, ...given };
}

/** What {@link request} reserves. */
export const HELD: Amounts = { costNanoUsd: 7, tokens: 60, calls: 1 };

export function tokens(count: number): Amounts {
  return { costNanoUsd: 0, tokens: count, calls: 1 };
}

export function times(count: number, { costNanoUsd, tokens, calls }: Amounts): Amounts {
  return { costNanoUsd: count * costNanoUsd, tokens: count * tokens, calls: count * calls };
}

export function admittedOf(admission: Admission): Admitted {
  assert.ok(admission.admitted, 'denied');
  return admission;
}

export function deniedOf(admission: Admission): Denied {
  assert.ok(!admission.admitted, 'admitted');
  return admission;
}

/** Checks a budget's balances. */
export async function assertBalances(
  store: Store,
  budget: BudgetDefinition,
  expected: { settled?: Amounts; reserved?: Amounts; open?: number },
): Promise<void> {
  const { settled, reserved, open } = await store.balances(budget);
  const whole = { settled: NOTHING, reserved: NOTHING, open: 0, ...expected };
  assert.deepEqual({ settled, reserved, open }, whole, budget.name);
}

/** Creates a new ledger for each test. */
export type MakeStore = () => Promise<StoreHarness>;

type Run<H> = (harness: H, context: TestContext) => Promise<void>;

/** Registers tests, each with a new ledger. */
export function testsOf(makeStore: MakeStore) {
  const test = (what: string, run: Run<StoreHarness>): void => {
    it(what, async (context) => {
      const harness = await makeStore();
      try {
        await run(harness, context);
      } finally {
        await harness.close();
      }
    });
  };
  /** For a ledger whose clock can be set. */
  const testInTime = (what: string, run: Run<TimedHarness>): void =>
    test(what, async (harness, context) => {
      const { clock } = harness;
      if (clock === undefined) return context.skip('no clock that can be set');
      return run({ ...harness, clock }, context);
    });

  return { test, testInTime };
}
