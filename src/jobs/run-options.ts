import type { JobUnit } from './payload.ts';

/** What a run of a job works on, and when it is to stop. */
export interface JobRunOptions {
  /** What the job works on, as plain data; that of the checkpoint where absent. */
  readonly input?: unknown;
  /** `tokens` (at the output price) or `cost` (money); that of the checkpoint, or `tokens`, where absent. */
  readonly unit?: JobUnit | undefined;
  /** Stops the job, which can be resumed. */
  readonly signal?: AbortSignal | undefined;
  /** When the job stops, whatever is left of its budget. The budget's own limit of minutes holds as well. */
  readonly deadline?: Date | undefined;
  /** How long steps may go on once the job is to stop, milliseconds; 5,000 where absent. */
  readonly graceMs?: number | undefined;
  /** Steps that run once, were interrupted, and are to be run again all the same. */
  readonly repeat?: readonly string[] | undefined;
  /** The file of the definition, for the list of jobs. */
  readonly file?: string | undefined;
}
