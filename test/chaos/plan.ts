import { createHash } from 'node:crypto';
import type { FailurePolicy } from '../../src/budget/index.ts';
import { randomOf } from '../support/spenders.ts';
import { CONDITIONS, type Condition, type ConditionName } from './conditions.ts';
import { STORES, type StoreName } from './ground.ts';

/** Kinds of weather that are not one condition alone. */
const MIXED = ['calm', 'starts', 'storm'] as const;

/** Every kind of weather: each condition alone, none, many starts at once, and conditions chosen by the seed. */
export const WEATHERS: readonly string[] = [...MIXED, ...Object.keys(CONDITIONS)];

/** The share of rounds in which calls are sent while the store is unavailable. */
const OPEN_SHARE = 0.25;

/** A lease that no passing weather outlasts, and one that ends soon; milliseconds. */
const LONG_LEASE_MS = 20_000;
const SHORT_LEASE_MS = 800;

/** What happens in a round. All of it follows from its seed and its bounds, except how the system schedules its processes. */
export interface Plan {
  readonly seed: number;
  readonly weather: string;
  readonly conditions: readonly ConditionName[];
  readonly store: StoreName;
  readonly processes: number;
  /** Calls in parallel of each process. */
  readonly workers: number;
  /** That each of them makes at most, one after the other. */
  readonly maxCalls: number;
  readonly limitNanoUsd: number;
  readonly leaseMs: number;
  /** Whether calls are sent or denied while the store is unavailable. */
  readonly failurePolicy: FailurePolicy;
  /** Whether every process lives, and no lease ends before its calls. */
  readonly isPassing: boolean;
  /** Returns what a part of the round draws from, by its name, so that none depends on when another one draws. */
  readonly randomFor: (part: string) => () => number;
}

/** Bounds of what is planned. */
export interface PlanOptions {
  readonly weather?: string | undefined;
  readonly store?: StoreName | undefined;
  readonly failurePolicy?: FailurePolicy | undefined;
  readonly mostProcesses?: number;
  /** Of one worker. */
  readonly mostCalls?: number;
}

/** A call at its actual cost, nano-USD; see the service in `test/support/spenders.ts`. */
const CALL_NANO_USD = 1_419_250;

/** Plans a round. */
export function planRound(
  seed: number,
  { weather, store, failurePolicy, mostProcesses = 64, mostCalls = 40 }: PlanOptions = {},
): Plan {
  const random = randomOf(seed);
  const name = weather ?? pick(WEATHERS, random);
  const troubled = conditionsOf(name)[0];
  const of = troubled === undefined ? undefined : (CONDITIONS[troubled] as Condition).of;
  const possible = STORES.filter((one) => of === undefined || one.startsWith(of));
  const chosen = store ?? pick(possible, random);
  const conditions = name === 'storm' ? drawConditions(chosen, random) : conditionsOf(name);
  const isPassing = !conditions.some((one) => (CONDITIONS[one] as Condition).endsLeases === true);
  const starts = name === 'starts';
  const processes = Math.min(
    mostProcesses,
    starts ? between(10, 30, random) : Math.round(2 ** (1 + random() * 5)),
  );
  const workers = starts ? 20 : between(2, 20, random);
  const maxCalls = Math.min(mostCalls, starts ? 5 : between(5, 40, random));
  return {
    seed,
    weather: name,
    conditions,
    store: chosen,
    processes,
    workers,
    maxCalls,
    limitNanoUsd: Math.round((processes * workers * maxCalls * CALL_NANO_USD) / 2),
    leaseMs: isPassing ? LONG_LEASE_MS : SHORT_LEASE_MS,
    failurePolicy: failurePolicy ?? (random() < OPEN_SHARE ? 'open' : 'closed'),
    isPassing,
    randomFor: (part) => randomOf(seed ^ createHash('sha256').update(part).digest().readInt32LE()),
  };
}

/** Says why a weather cannot be had here; false: it can. */
export function missingFor(weather: string): string | false {
  const [condition] = conditionsOf(weather);
  return condition === undefined ? false : ((CONDITIONS[condition] as Condition).missing ?? false);
}

/** Whether the weather troubles a store. */
export function suits(weather: string, store: StoreName): boolean {
  const [condition] = conditionsOf(weather);
  const { of } = condition === undefined ? {} : (CONDITIONS[condition] as Condition);
  return of === undefined || store.startsWith(of);
}

function conditionsOf(weather: string): readonly ConditionName[] {
  return isCondition(weather) ? [weather] : [];
}

function drawConditions(store: StoreName, random: () => number): readonly ConditionName[] {
  const possible = (Object.keys(CONDITIONS) as ConditionName[]).filter(
    (name) => suits(name, store) && missingFor(name) === false,
  );
  const drawn = Array.from({ length: between(2, 4, random) }, () => pick(possible, random));
  return [...new Set(drawn)];
}

function isCondition(name: string): name is ConditionName {
  return Object.hasOwn(CONDITIONS, name);
}

function between(least: number, most: number, random: () => number): number {
  return least + Math.floor(random() * (most - least + 1));
}

function pick<T>(list: readonly T[], random: () => number): T {
  const picked = list[Math.floor(random() * list.length)];
  if (picked === undefined) throw new RangeError('got an empty list, expected something to pick from.');
  return picked;
}
