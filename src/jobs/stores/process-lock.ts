import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../budget/index.ts';
import { isBusy, nodeSqlite } from '../../stores/sqlite/index.ts';
import { JobRunningError } from '../errors.ts';
import type { JobLock } from './job-store.ts';

/** How long it is waited for a process that only looks whether a job is held, milliseconds. */
const DEFAULT_WAIT_MS = 100;

/**
 * Holds a job by a lock on a file that the operating system lets go of when the process ends, however it ends: SQLite's own. The file
 * stays empty, and stays there: to delete it would let two processes hold two files of one name.
 * @throws JobRunningError where another process, or another run in this one, holds it
 */
export function lockFile(path: string, job: string, waitMs = DEFAULT_WAIT_MS): JobLock {
  let database: DatabaseSync | undefined;
  try {
    database = new (nodeSqlite().DatabaseSync)(path);
    database.exec(`PRAGMA busy_timeout = ${waitMs}`);
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (isBusy(error)) throw new JobRunningError(job, `${path} is locked`);
    const why = error instanceof Error ? error.message : String(error);
    throw new StoreError(
      `The lock ${path} cannot be taken (${why}). It has to be a file that this user may write.`,
      error,
    );
  }
  const held = database;
  return {
    signal: new AbortController().signal,
    release: () => {
      if (held.isOpen) held.close();
    },
  };
}

/** Whether a job is held. */
export function isLocked(path: string, job: string): boolean {
  if (!existsSync(path)) return false;
  try {
    void lockFile(path, job, 0).release();
    return false;
  } catch (error) {
    if (error instanceof JobRunningError) return true;
    throw error;
  }
}
