import type { MaybePromise } from '../../util/index.ts';

/** A checkpoint as it is stored. */
export interface StoredCheckpoint {
  readonly sequence: number;
  readonly text: string;
  /** Where it is, for a message. */
  readonly location: string;
}

/** The lock of a job, held for one run of it. */
export interface JobLock {
  /** Aborted if the lock is lost: another process may run the job then. */
  readonly signal: AbortSignal;
  /** Releases the lock. */
  release(): MaybePromise<void>;
}

/**
 * Stores jobs: their last checkpoints, and a record of each call, which is written when the call ends.
 * @throws StoreError (all methods) if it cannot be read or written
 */
export interface JobStore {
  /** Where it is, for a message. */
  readonly location: string;
  /** Returns the ids of the stored jobs. */
  jobs(): Promise<readonly string[]>;
  /** Returns the checkpoints of a job, newest first. */
  checkpoints(job: string): Promise<readonly StoredCheckpoint[]>;
  /** Stores a checkpoint as a whole or not at all, and deletes all but the last few. */
  save(job: string, sequence: number, text: string): Promise<void>;
  /** Stores the record of a call, one line; before it returns, if possible. */
  append(job: string, line: string): MaybePromise<void>;
  /** Returns the records of a job's calls, oldest first, without lines that were cut short. */
  records(job: string): Promise<readonly string[]>;
  /** Locks a job. @throws JobRunningError if it is locked already */
  lock(job: string): Promise<JobLock>;
  /** Whether a process holds the lock of a job. */
  isLocked(job: string): Promise<boolean>;
  /** Closes files and connections. */
  close(): MaybePromise<void>;
}

/** How many checkpoints of a job are kept. */
export const KEPT_CHECKPOINTS = 5;
