import {
  type BudgetDefinition,
  defineBudget,
  type Mode,
  readSnapshot,
  TokenBudgetTracker,
  type TrackerOptions,
} from '../budget/index.ts';
import { MemoryStore } from '../stores/index.ts';
import type { MaybePromise } from '../util/index.ts';
import { type AllowanceOptions, checkJobPayload, type JobPayload, jobAllowance } from './payload.ts';

/** How the payload becomes limits, and where the ledger is. */
export interface JobBudgetOptions extends AllowanceOptions, Partial<Omit<TrackerOptions, 'prices'>> {
  /** The budget's name; that of the checkpoint, or `job`, where absent. */
  readonly name?: string | undefined;
  /** `strict` where absent. */
  readonly mode?: Mode | undefined;
  /** The job's calls are charged on this budget as well; that of the checkpoint where it is not named at all. */
  readonly parent?: BudgetDefinition | undefined;
  /** As of {@link BudgetDefinition}. */
  readonly maxShare?: number | undefined;
  /** As of {@link BudgetDefinition}. */
  readonly minOutputTokens?: number | undefined;
}

/**
 * The one place where a job gets its tracker, whatever kind of job it is: a new one, or one that goes on from a checkpoint.
 *
 * With a checkpoint, a payload that names no budget leaves the limits as they were, and one that names one sets them anew, so that a
 * job can be given more. What was spent stays spent.
 * @param checkpoint what a tracker's `toJSON` gave, or its text
 * @param options the store is a new one in memory where absent
 * @throws JobDefinitionError where the payload is wrong
 * @throws CheckpointError where the checkpoint cannot be taken
 */
export function initializeTokenBudgetForJob(
  payload: JobPayload,
  checkpoint?: unknown,
  options: JobBudgetOptions = {},
): MaybePromise<TokenBudgetTracker> {
  const { store = new MemoryStore(options.now), name, unit, wallClock, ...rest } = options;
  const allowance = jobAllowance(payload, options);
  const { parent, mode, maxShare, minOutputTokens, ...tracking } = rest;
  const shape = {
    limits: allowance.limits,
    ...(mode === undefined ? {} : { mode }),
    ...(parent === undefined ? {} : { parent }),
    ...(maxShare === undefined ? {} : { maxShare }),
    ...(minOutputTokens === undefined ? {} : { minOutputTokens }),
  };
  const given = { ...withoutUndefined(tracking), store } as TrackerOptions;
  if (checkpoint === undefined || checkpoint === null) {
    return new TokenBudgetTracker(defineBudget({ ...shape, name: name ?? 'job' }), given);
  }
  const known = readSnapshot(checkpoint).budget;
  const limits = hasBudget(payload) ? allowance.limits : known.limits;
  const { parent: above, ...own } = known;
  const inherited = 'parent' in options || above === undefined ? {} : { parent: above };
  const budget = defineBudget({ ...own, ...inherited, ...shape, limits, name: name ?? known.name });
  return TokenBudgetTracker.fromJSON(checkpoint, { ...given, budget });
}

/** Whether a payload says how much may be spent. */
export function hasBudget(payload: JobPayload): boolean {
  const { timeBudgetMinutes, costBudgetUsd, tokenBudget } = checkJobPayload(payload);
  return timeBudgetMinutes != null || costBudgetUsd != null || tokenBudget != null;
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T;
}
