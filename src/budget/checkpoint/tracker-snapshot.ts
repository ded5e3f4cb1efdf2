import * as v from 'valibot';
import { errorMessage } from '../../util/index.ts';
import type { ThresholdState } from '../consumption.ts';
import { type BudgetDefinition, defineBudget, MODES, WINDOW_UNITS } from '../definition.ts';
import { type Amounts, LIMIT_NAMES, LIMIT_OF, type Limits } from '../limits.ts';
import type { Balances } from '../store.ts';
import { CheckpointError } from './checkpoint-error.ts';
import {
  type EnvelopeFormat,
  unwrapEnvelope,
  type VersionedEnvelope,
  wrapEnvelope,
} from './versioned-envelope.ts';

/** The content of a tracker's checkpoint. */
export interface TrackerSnapshot {
  readonly budget: BudgetDefinition;
  /** As they were last seen. The ledger is the truth if it outlives the process. */
  readonly balances: Balances;
  /** The thresholds that were reported for each budget of the chain, nearest first. */
  readonly thresholds: readonly ThresholdState[];
}

/** A tracker's checkpoint, ready for `JSON.stringify`. */
export type TrackerJson = VersionedEnvelope<TrackerSnapshot>;

const wholeNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const amounts = v.strictObject({ costNanoUsd: wholeNumber, tokens: wholeNumber, calls: wholeNumber });
const limit = v.optional(v.pipe(v.number(), v.finite(), v.minValue(0)));

const budget: v.GenericSchema<unknown, BudgetDefinition> = v.pipe(
  v.strictObject({
    name: v.string(),
    limits: v.strictObject({ costUsd: limit, tokens: limit, calls: limit, minutes: limit }),
    mode: v.picklist(MODES),
    maxShare: v.number(),
    minOutputTokens: v.number(),
    window: v.optional(v.strictObject({ per: v.picklist(WINDOW_UNITS), timeZone: v.string() })),
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
      addIssue({ message: errorMessage(error) });
      return NEVER;
    }
  }),
) as v.GenericSchema<unknown, BudgetDefinition>;

const FORMAT: EnvelopeFormat<TrackerSnapshot> = {
  format: 'otel-token-budget/tracker',
  version: 1,
  schema: v.strictObject({
    budget,
    balances: v.strictObject({
      settled: amounts,
      reserved: amounts,
      open: wholeNumber,
      startedAt: wholeNumber,
    }),
    thresholds: v.array(v.strictObject({ crossed: wholeNumber, exhausted: v.boolean(), period: v.string() })),
  }) as v.GenericSchema<unknown, TrackerSnapshot>,
};

/** Wraps a snapshot for storage, with its format, version and checksum. */
export function wrapSnapshot(snapshot: TrackerSnapshot): TrackerJson {
  return wrapEnvelope(snapshot, FORMAT);
}

/**
 * Reads a tracker's checkpoint, from its text or the parsed object.
 * @throws CheckpointError if it is damaged, foreign, or of a later version
 */
export function readSnapshot(given: unknown): TrackerSnapshot {
  return unwrapEnvelope(given, FORMAT);
}

/**
 * Checks that a checkpoint is of a budget, by its name.
 * @throws CheckpointError if it is of another
 */
export function checkBudgetName({ budget: { name } }: TrackerSnapshot, expected: string): void {
  if (name === expected) return;
  throw new CheckpointError('another', `it is of the budget "${name}", not of "${expected}"`);
}

/**
 * Returns the amounts of a checkpoint that a ledger lacks: none if it is the same ledger, which has moved on
 * since; all of them, reserved amounts included, if it forgets or was lost.
 */
export function missingAmounts(present: Balances, known: Balances): Amounts {
  const grown = LIMIT_OF.every(([amount]) => present.settled[amount] >= known.settled[amount]);
  const isSameLedger = grown && present.startedAt === known.startedAt;
  const missing = (amount: keyof Amounts): number => {
    const held = present.settled[amount] + present.reserved[amount];
    return isSameLedger ? 0 : Math.max(0, known.settled[amount] + known.reserved[amount] - held);
  };
  return { costNanoUsd: missing('costNanoUsd'), tokens: missing('tokens'), calls: missing('calls') };
}

/** Whether two budgets have the same limits, as have their parents all the way up the chain. */
export function hasSameLimits(one: BudgetDefinition, other: BudgetDefinition): boolean {
  if (LIMIT_NAMES.some((name) => one.limits[name] !== other.limits[name])) return false;
  if (one.parent === undefined || other.parent === undefined) return one.parent === other.parent;
  return one.parent.name === other.parent.name && hasSameLimits(one.parent, other.parent);
}
