import * as v from 'valibot';
import {
  CheckpointError,
  type EnvelopeFormat,
  readSnapshot,
  type TrackerSnapshot,
  unwrapEnvelope,
  wrapEnvelope,
  wrapSnapshot,
} from '../../budget/index.ts';
import { JOB_UNITS, type JobPayload, type JobUnit } from '../payload.ts';

/** The reasons why a run of a job ends. */
export const JOB_REASONS = ['completed', 'exhausted', 'deadline', 'signal', 'error'] as const;

/** Why a run of a job ended. */
export type JobReason = (typeof JOB_REASONS)[number];

/** A step as it is saved. */
export interface SavedStep {
  readonly name: string;
  /** `started` is saved of `once` steps, before they run. */
  readonly state: 'started' | 'completed';
  /** Its output as JSON; absent if that was undefined. */
  readonly output?: unknown;
  /** Attempts in the run that completed it. */
  readonly attempts: number;
  /** The run that completed it, from 1. */
  readonly run: number;
  /** The duration of all attempts in that run, milliseconds. */
  readonly durationMs: number;
}

/** An error as it is saved. */
export interface SavedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string | undefined;
}

/** A job as it is saved. Times are milliseconds since the epoch. */
export interface JobCheckpoint {
  readonly job: string;
  readonly name: string;
  /** The file of its definition, if the command ran it. */
  readonly file?: string | undefined;
  readonly input?: unknown;
  readonly payload: JobPayload;
  readonly unit: JobUnit;
  /** The number of the run, from 1. */
  readonly run: number;
  /** The number of the checkpoint, from 1. */
  readonly sequence: number;
  readonly state: 'running' | JobReason;
  readonly startedAt: number;
  readonly updatedAt: number;
  /** The total duration of its runs, milliseconds. */
  readonly activeMs: number;
  readonly steps: readonly SavedStep[];
  /** The values saved by steps that are not completed, by name. */
  readonly partial: Readonly<Record<string, unknown>>;
  readonly deniedCalls: number;
  readonly error?: SavedError | undefined;
  /** The span of its first run; later runs join its trace. */
  readonly trace?:
    | { readonly traceId: string; readonly spanId: string; readonly traceFlags: number }
    | undefined;
  /** The budget, with its balances. It is wrapped in an envelope of its own. */
  readonly tracker: TrackerSnapshot;
}

const wholeNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));

const schema = v.strictObject({
  job: v.string(),
  name: v.string(),
  file: v.optional(v.string()),
  input: v.optional(v.unknown()),
  payload: v.strictObject({
    timeBudgetMinutes: v.nullish(amount),
    costBudgetUsd: v.nullish(amount),
    tokenBudget: v.nullish(wholeNumber),
    model: v.nullish(v.string()),
  }),
  unit: v.picklist(JOB_UNITS),
  run: wholeNumber,
  sequence: wholeNumber,
  state: v.picklist(['running', ...JOB_REASONS]),
  startedAt: amount,
  updatedAt: amount,
  activeMs: amount,
  steps: v.array(
    v.strictObject({
      name: v.string(),
      state: v.picklist(['started', 'completed']),
      output: v.optional(v.unknown()),
      attempts: wholeNumber,
      run: wholeNumber,
      durationMs: amount,
    }),
  ),
  partial: v.record(v.string(), v.unknown()),
  deniedCalls: wholeNumber,
  error: v.optional(v.strictObject({ name: v.string(), message: v.string(), code: v.optional(v.string()) })),
  trace: v.optional(v.strictObject({ traceId: v.string(), spanId: v.string(), traceFlags: wholeNumber })),
  // A CheckpointError of the snapshot is thrown as it is.
  tracker: v.pipe(v.unknown(), v.transform(readSnapshot)),
}) as v.GenericSchema<unknown, JobCheckpoint>;

const FORMAT: EnvelopeFormat<JobCheckpoint> = { format: 'otel-token-budget/job', version: 1, schema };

/** Returns a checkpoint as text, with its format, version and checksum. */
export function formatCheckpoint(checkpoint: JobCheckpoint): string {
  return JSON.stringify(wrapEnvelope({ ...checkpoint, tracker: wrapSnapshot(checkpoint.tracker) }, FORMAT));
}

/**
 * Parses the text of a checkpoint, its tracker included.
 * @throws CheckpointError if it is damaged, foreign, of a later version, or of a job other than `job`
 */
export function parseCheckpoint(text: string, job: string): JobCheckpoint {
  const checkpoint = unwrapEnvelope(text, FORMAT);
  if (checkpoint.job === job) return checkpoint;
  throw new CheckpointError('another', `it is of the job "${checkpoint.job}", not of "${job}"`);
}
