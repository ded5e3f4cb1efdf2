import * as v from 'valibot';
import {
  CheckpointError,
  type EnvelopeFormat,
  readSnapshot,
  type TrackerJson,
  unwrapEnvelope,
  wrapEnvelope,
} from '../../budget/index.ts';
import { JOB_UNITS, type JobPayload, type JobUnit } from '../payload.ts';

/** Why a run of a job ended. */
export type JobReason = 'completed' | 'exhausted' | 'deadline' | 'signal' | 'error';

export const JOB_REASONS = [
  'completed',
  'exhausted',
  'deadline',
  'signal',
  'error',
] as const satisfies readonly JobReason[];

/** A step as it is kept. */
export interface SavedStep {
  readonly name: string;
  /** `begun` is kept of steps that run once, before they do. */
  readonly state: 'begun' | 'completed';
  /** What it gave back, as JSON; absent where that was undefined. */
  readonly output?: unknown;
  /** Tries in the run that completed it. */
  readonly attempts: number;
  /** The run that completed it, from 1 on. */
  readonly run: number;
  /** Milliseconds in all tries of that run. */
  readonly durationMs: number;
}

/** A job as it is kept. Times are milliseconds since the epoch. */
export interface JobCheckpoint {
  readonly job: string;
  readonly name: string;
  /** The file of its definition, where the command ran it. */
  readonly file?: string | undefined;
  readonly input?: unknown;
  readonly payload: JobPayload;
  readonly unit: JobUnit;
  /** How often it was run so far. */
  readonly run: number;
  /** Counts the checkpoints. */
  readonly sequence: number;
  readonly state: 'running' | JobReason;
  readonly startedAt: number;
  readonly updatedAt: number;
  /** How long its runs took, as far as was kept. */
  readonly activeMs: number;
  readonly steps: readonly SavedStep[];
  /** What steps kept that are not completed, by name. */
  readonly partial: Readonly<Record<string, unknown>>;
  readonly deniedCalls: number;
  readonly error?:
    | { readonly name: string; readonly message: string; readonly code?: string | undefined }
    | undefined;
  /** The span of its first run, so that all are in one trace. */
  readonly trace?:
    | { readonly traceId: string; readonly spanId: string; readonly traceFlags: number }
    | undefined;
  readonly tracker: TrackerJson;
}

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));

const schema = v.strictObject({
  job: v.string(),
  name: v.string(),
  file: v.optional(v.string()),
  input: v.optional(v.unknown()),
  payload: v.strictObject({
    timeBudgetMinutes: v.nullish(amount),
    costBudgetUsd: v.nullish(amount),
    tokenBudget: v.nullish(whole),
    model: v.nullish(v.string()),
  }),
  unit: v.picklist(JOB_UNITS),
  run: whole,
  sequence: whole,
  state: v.picklist(['running', ...JOB_REASONS]),
  startedAt: amount,
  updatedAt: amount,
  activeMs: amount,
  steps: v.array(
    v.strictObject({
      name: v.string(),
      state: v.picklist(['begun', 'completed']),
      output: v.optional(v.unknown()),
      attempts: whole,
      run: whole,
      durationMs: amount,
    }),
  ),
  partial: v.record(v.string(), v.unknown()),
  deniedCalls: whole,
  error: v.optional(v.strictObject({ name: v.string(), message: v.string(), code: v.optional(v.string()) })),
  trace: v.optional(v.strictObject({ traceId: v.string(), spanId: v.string(), traceFlags: whole })),
  tracker: v.unknown(),
}) as v.GenericSchema<unknown, JobCheckpoint>;

const SEAL: EnvelopeFormat<JobCheckpoint> = { format: 'otel-token-budget/job', version: 1, schema };

export function formatCheckpoint(checkpoint: JobCheckpoint): string {
  return JSON.stringify(wrapEnvelope(checkpoint, SEAL));
}

/**
 * @param job the job that it has to be of
 * @throws CheckpointError where it is not a checkpoint of it that can be taken
 */
export function parseCheckpoint(text: string, job: string): JobCheckpoint {
  const checkpoint = unwrapEnvelope(text, SEAL);
  if (checkpoint.job !== job) {
    throw new CheckpointError('another', `it is of the job "${checkpoint.job}", not of "${job}"`);
  }
  readSnapshot(checkpoint.tracker);
  return checkpoint;
}
