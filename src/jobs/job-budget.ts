import {
  type BudgetDefinition,
  defineBudget,
  type Mode,
  readSnapshot,
  TokenBudgetTracker,
  type TrackerOptions,
  type TrackerSnapshot,
} from '../budget/index.ts';
import { MemoryStore } from '../stores/index.ts';
import type { MaybePromise } from '../util/index.ts';
import {
  type AllowanceOptions,
  checkJobPayload,
  computeAllowance,
  hasBudget,
  type JobPayload,
} from './payload.ts';

/** Generic, so that the properties keep their docstrings. */
type Undefinable<T> = { readonly [Property in keyof T]?: T[Property] | undefined };

/** How a payload becomes a budget, and where its ledger is; default of `store`: a new one in memory. */
export interface JobBudgetOptions extends AllowanceOptions, Undefinable<Omit<TrackerOptions, 'prices'>> {
  /** The budget's name; default: that of the checkpoint, or `job`. */
  readonly name?: string | undefined;
  /** Default: that of the checkpoint, or `strict`. */
  readonly mode?: Mode | undefined;
  /** A budget that is charged for the job's calls as well; default: that of the checkpoint. */
  readonly parent?: BudgetDefinition | undefined;
  /** As of {@link BudgetDefinition}. */
  readonly maxShare?: number | undefined;
  /** As of {@link BudgetDefinition}. */
  readonly minOutputTokens?: number | undefined;
}

/**
 * Returns the tracker of a job: of a new one, or of one that is resumed from a checkpoint. Every kind of job
 * gets its tracker here.
 *
 * With a checkpoint, a payload without a budget keeps the limits of the checkpoint, and one with a budget
 * replaces them, so that a job can be given more. Either way, spending stays as it is.
 * @param checkpoint the result of a tracker's `toJSON`, or its text
 * @throws JobDefinitionError if the payload is invalid
 * @throws CheckpointError if the checkpoint cannot be used
 * @example
 * ```ts
 * const tracker = await initializeTokenBudgetForJob({ costBudgetUsd: 2 });
 * const resumed = await initializeTokenBudgetForJob({}, JSON.stringify(tracker));
 * ```
 */
export function initializeTokenBudgetForJob(
  payload: JobPayload,
  checkpoint?: unknown,
  options: JobBudgetOptions = {},
): MaybePromise<TokenBudgetTracker> {
  const checked = checkJobPayload(payload);
  const snapshot = checkpoint === undefined || checkpoint === null ? undefined : readSnapshot(checkpoint);
  return openJobTracker(checked, snapshot, options);
}

/**
 * As {@link initializeTokenBudgetForJob}, of a payload that has been checked and a snapshot that has been
 * parsed.
 */
export function openJobTracker(
  payload: JobPayload,
  snapshot: TrackerSnapshot | undefined,
  options: JobBudgetOptions,
): MaybePromise<TokenBudgetTracker> {
  const { store = new MemoryStore(options.now), now, waitMs, leaseMs, owner, prices, detached } = options;
  const { requireEnforcement } = options;
  const trackerOptions = {
    store,
    ...withoutUndefined({
      now,
      waitMs,
      leaseMs,
      owner,
      prices,
      detached,
      requireEnforcement,
    }),
  };
  const { mode, parent, maxShare, minOutputTokens } = options;
  const overrides = withoutUndefined({ mode, parent, maxShare, minOutputTokens });
  const limits =
    snapshot === undefined || hasBudget(payload)
      ? computeAllowance(payload, options).limits
      : snapshot.budget.limits;
  if (snapshot === undefined) {
    const budget = defineBudget({ ...overrides, limits, name: options.name ?? 'job' });
    return new TokenBudgetTracker(budget, trackerOptions);
  }
  const { parent: savedParent, ...saved } = snapshot.budget;
  // An explicit `parent: undefined` removes the parent of the checkpoint.
  const inherited = 'parent' in options || savedParent === undefined ? {} : { parent: savedParent };
  const name = options.name ?? saved.name;
  const budget = defineBudget({ ...saved, ...inherited, ...overrides, limits, name });
  return TokenBudgetTracker.fromSnapshot(snapshot, { ...trackerOptions, budget });
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Defined<T>;
}
