import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../budget/index.ts';
import { isBusy, loadNodeSqlite } from '../../stores/sqlite/index.ts';
import { errorMessage } from '../../util/index.ts';
import { JobRunningError } from '../errors.ts';
import type { JobLock } from './job-store.ts';

/** How long to wait for a process that only checks whether a job is locked, milliseconds. */
const DEFAULT_WAIT_MS = 100;

/**
 * Locks a job by SQLite's lock on a file, which the operating system releases when the process ends, however
 * it ends. The file stays empty, and is never deleted: otherwise two processes could lock two files of the
 * same name.
 * @throws JobRunningError if another process, or another run in this one, holds the lock
 * @throws StoreError if the file cannot be opened
 */
export function lockFile(path: string, job: string, waitMs = DEFAULT_WAIT_MS): JobLock {
  let database: DatabaseSync | undefined;
  try {
    database = new (loadNodeSqlite().DatabaseSync)(path);
    database.exec(`PRAGMA busy_timeout = ${waitMs}`);
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (isBusy(error)) throw new JobRunningError(job, `${path} is locked`);
    const why = errorMessage(error);
    throw new StoreError(
      `The file ${path} cannot be locked (${why}). This user has to be able to write it.`,
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

/** Whether a job is locked. */
export function isFileLocked(path: string, job: string): boolean {
  if (!existsSync(path)) return false;
  try {
    void lockFile(path, job, 0).release();
    return false;
  } catch (error) {
    if (error instanceof JobRunningError) return true;
    throw error;
  }
}
