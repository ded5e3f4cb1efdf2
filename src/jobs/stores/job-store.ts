import type { MaybePromise } from '../../util/index.ts';

/** A checkpoint as it was found. */
export interface FoundCheckpoint {
  readonly sequence: number;
  readonly text: string;
  /** Where, for a message. */
  readonly where: string;
}

/** Holds a job for one run of it. */
export interface JobLock {
  /** Aborted where the lock was lost: somebody else may run the job by now. */
  readonly signal: AbortSignal;
  /** Lets others hold the job. */
  release(): MaybePromise<void>;
}

/**
 * Where jobs are kept: their last checkpoints, and a record of each call, which is written as the call ends.
 * @throws StoreError (of all methods) where it cannot be read or written
 */
export interface JobStore {
  /** Where it is, for a message. */
  readonly where: string;
  /** The ids of the jobs that are kept. */
  jobs(): Promise<readonly string[]>;
  /** The checkpoints of a job, newest first. */
  checkpoints(job: string): Promise<readonly FoundCheckpoint[]>;
  /** Keeps a checkpoint as a whole or not at all, and forgets those before the last few. */
  save(job: string, sequence: number, text: string): Promise<void>;
  /** Keeps the record of a call, one line; where it can, before it answers. */
  append(job: string, line: string): MaybePromise<void>;
  /** The records of a job's calls, oldest first. A line that was cut short is left out. */
  records(job: string): Promise<readonly string[]>;
  /** @throws JobRunningError where the job is held already */
  lock(job: string): Promise<JobLock>;
  /** Whether the job is held now, by whomever. */
  held(job: string): Promise<boolean>;
  /** Lets go of files and connections. */
  close(): MaybePromise<void>;
}

/** How many checkpoints of a job are kept. */
export const KEPT_CHECKPOINTS = 5;
