import * as v from 'valibot';
import type { ThresholdState } from '../consumption.ts';
import { type BudgetDefinition, defineBudget, MODES } from '../definition.ts';
import { type Amounts, LIMIT_OF, type Limits } from '../limits.ts';
import type { Balances } from '../store.ts';
import {
  type EnvelopeFormat,
  unwrapEnvelope,
  type VersionedEnvelope,
  wrapEnvelope,
} from './versioned-envelope.ts';

/** What a tracker's checkpoint holds. */
export interface TrackerSnapshot {
  readonly budget: BudgetDefinition;
  /** As they were last seen. The ledger is the truth where it outlives the process. */
  readonly balances: Balances;
  /** What was told of each budget of the chain, nearest first. */
  readonly watches: readonly ThresholdState[];
}

/** A tracker's checkpoint as `JSON.stringify` takes it. */
export type TrackerJson = VersionedEnvelope<TrackerSnapshot>;

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const amounts = v.strictObject({ costNanoUsd: whole, tokens: whole, calls: whole });
const limit = v.optional(v.pipe(v.number(), v.finite(), v.minValue(0)));

const budget: v.GenericSchema<unknown, BudgetDefinition> = v.pipe(
  v.strictObject({
    name: v.string(),
    limits: v.strictObject({ costUsd: limit, tokens: limit, calls: limit, minutes: limit }),
    mode: v.picklist(MODES),
    maxShare: v.number(),
    minOutputTokens: v.number(),
    window: v.optional(v.strictObject({ per: v.picklist(['hour', 'day', 'month']), timeZone: v.string() })),
    parent: v.optional(v.lazy(() => budget)),
  }),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      const { window, parent, limits, ...rest } = dataset.value;
      return defineBudget({
        ...rest,
        limits: limits as Limits,
        ...(window === undefined ? {} : { window }),
        ...(parent === undefined ? {} : { parent }),
      });
    } catch (error) {
      addIssue({ message: error instanceof Error ? error.message : String(error) });
      return NEVER;
    }
  }),
) as v.GenericSchema<unknown, BudgetDefinition>;

const SEAL: EnvelopeFormat<TrackerSnapshot> = {
  format: 'otel-token-budget/tracker',
  version: 1,
  schema: v.strictObject({
    budget,
    balances: v.strictObject({ settled: amounts, reserved: amounts, open: whole, startedAt: whole }),
    watches: v.array(v.strictObject({ crossed: whole, exhausted: v.boolean(), entered: v.string() })),
  }) as v.GenericSchema<unknown, TrackerSnapshot>,
};

export function wrapSnapshot(snapshot: TrackerSnapshot): TrackerJson {
  return wrapEnvelope(snapshot, SEAL);
}

/** @throws CheckpointError where it is not a tracker's checkpoint that can be taken */
export function readSnapshot(given: unknown): TrackerSnapshot {
  return unwrapEnvelope(given, SEAL);
}

/**
 * What a ledger does not know of what a checkpoint knows: nothing where it is the same ledger, which has gone on since; all of it,
 * with what was reserved, where it forgets or was lost.
 */
export function missingFrom(present: Balances, known: Balances): Amounts {
  const grown = LIMIT_OF.every(([amount]) => present.settled[amount] >= known.settled[amount]);
  const same = grown && present.startedAt === known.startedAt;
  const missing = (amount: keyof Amounts): number => {
    const held = present.settled[amount] + present.reserved[amount];
    return same ? 0 : Math.max(0, known.settled[amount] + known.reserved[amount] - held);
  };
  return { costNanoUsd: missing('costNanoUsd'), tokens: missing('tokens'), calls: missing('calls') };
}

/** Whether the limits of both are the same, all the way up the chain. */
export function sameLimits(one: BudgetDefinition, other: BudgetDefinition): boolean {
  const names = ['costUsd', 'tokens', 'calls', 'minutes'] as const;
  if (names.some((name) => one.limits[name] !== other.limits[name])) return false;
  if (one.parent === undefined || other.parent === undefined) return one.parent === other.parent;
  return one.parent.name === other.parent.name && sameLimits(one.parent, other.parent);
}
