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

/** The output price of gpt-5.2, pico-USD per token. */
export const OUTPUT_PICO = 14_000_000;

/** Returns amounts, with zero for those that are not given. */
export function amounts(given: Partial<Amounts> = {}): Amounts {
  return { costNanoUsd: 0, tokens: 0, calls: 0, ...given };
}

/** Returns a request for a call that is free except for its output, with a caller's cap and a unique id. */
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

/** The fields that a tracker adds to a request for its store. */
export const TERMS = { leaseMs: 60_000 };

/** Creates a tracker with a memory store, a clock that is set by hand and a record of its events. */
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

/** Returns a result of the memory store, which is synchronous. */
export function syncValue<T>(value: MaybePromise<T>): T {
  if (value instanceof Promise) throw new TypeError('expected a synchronous result');
  return value;
}

export function statusOf(tracker: TokenBudgetTracker): BudgetStatus {
  return syncValue(tracker.status());
}

export function admittedOf(answer: MaybePromise<Admission>): Admitted {
  const admission = syncValue(answer);
  if (!admission.admitted) throw new TypeError(`denied by ${admission.limit}`);
  return admission;
}

export function deniedOf(answer: MaybePromise<Admission>): Denied {
  const admission = syncValue(answer);
  if (admission.admitted) throw new TypeError(`admitted with ${admission.outputCap} tokens`);
  return admission;
}

/** Returns the types of events, or the threshold of those that have one. */
export function eventKinds(events: readonly BudgetEvent[]): (string | number)[] {
  return events.map((event) => (event.type === 'threshold' ? event.threshold : event.type));
}
