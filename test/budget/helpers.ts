import {
  type Admission,
  type Admitted,
  type Amounts,
  type BudgetDefinition,
  type BudgetEvent,
  type BudgetStatus,
  type Denied,
  defineBudget,
  type Limits,
  type Reserve,
  TokenBudgetTracker,
  type TrackerOptions,
} from '../../src/budget/index.ts';
import { MemoryStore } from '../../src/stores/index.ts';
import type { MaybePromise } from '../../src/util/index.ts';

/** gpt-5.2's output, pico-USD a token. */
export const OUTPUT_PICO = 14_000_000;

export function amounts(given: Partial<Amounts> = {}): Amounts {
  return { costNanoUsd: 0, tokens: 0, calls: 0, ...given };
}

/** A call that is free but for its output, with a cap of the caller's; ids are all different. */
export function reserveOf(given: Partial<Reserve> = {}): Reserve {
  lastId += 1;
  return {
    id: `call ${lastId}`,
    fixed: amounts({ calls: 1 }),
    outputPicoUsd: OUTPUT_PICO,
    choices: 1,
    outputCap: 1_000,
    capped: true,
    ...given,
  };
}

let lastId = 0;

/** What a tracker adds to a reserve when it asks its store. */
export const TERMS = { leaseMs: 60_000 };

/** A tracker on a memory store, with a clock that is set by hand and a record of its events. */
export function trackerOf(
  limits: Limits,
  given: Partial<BudgetDefinition> = {},
  options: Partial<TrackerOptions> = {},
) {
  const clock = { now: 1_000_000 };
  const now = (): number => clock.now;
  const store = new MemoryStore(now);
  const budget = defineBudget({ name: 'test', limits, ...given });
  const tracker = new TokenBudgetTracker(budget, { store, now, ...options });
  const events: BudgetEvent[] = [];
  tracker.on((event) => events.push(event));
  return { tracker, store, budget, events, clock };
}

/** The value of an answer of the memory store, which is there at once. */
export function atOnce<T>(value: MaybePromise<T>): T {
  if (value instanceof Promise) throw new TypeError('the memory store answers at once');
  return value;
}

export function statusOf(tracker: TokenBudgetTracker): BudgetStatus {
  return atOnce(tracker.status());
}

export function admittedOf(answer: MaybePromise<Admission>): Admitted {
  const admission = atOnce(answer);
  if (!admission.admitted) throw new TypeError(`denied by ${admission.limit}`);
  return admission;
}

export function deniedOf(answer: MaybePromise<Admission>): Denied {
  const admission = atOnce(answer);
  if (admission.admitted) throw new TypeError(`admitted with ${admission.outputCap} tokens`);
  return admission;
}

/** The kinds of events, with the threshold of those that have one. */
export function told(events: readonly BudgetEvent[]): (string | number)[] {
  return events.map((event) => (event.type === 'threshold' ? event.threshold : event.type));
}
