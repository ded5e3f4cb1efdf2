import type { JobUnit } from './payload.ts';

/** The input of a job's run, and when it stops. */
export interface JobRunOptions {
  /** The input of the job, as plain data; default: that of the checkpoint. */
  readonly input?: unknown;
  /** `tokens` (at the output price) or `cost` (money); default: that of the checkpoint, or `tokens`. */
  readonly unit?: JobUnit | undefined;
  /** Stops the job, which can be resumed. */
  readonly signal?: AbortSignal | undefined;
  /**
   * When the job stops, whatever is left of its budget. The budget's own limit of minutes applies as well.
   */
  readonly deadline?: Date | undefined;
  /** How long running steps have to end after the job was stopped, milliseconds; default: 5,000. */
  readonly graceMs?: number | undefined;
  /** Interrupted `once` steps that may run again. */
  readonly repeat?: readonly string[] | undefined;
  /** The file of the definition, for the list of jobs. */
  readonly file?: string | undefined;
}
