import { StoreError } from '../../budget/index.ts';

/** SQLite's primary result codes; an extended code has one of them in its low byte. */
const PERM = 3;
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const PROTOCOL = 15;
const CONSTRAINT = 19;
const NOTADB = 26;

const DAMAGED =
  'is damaged, or no SQLite file at all. Restore it from a backup, or move it away together with its -wal and -shm files, ' +
  'and every budget begins at zero';
const NOT_WRITABLE =
  'cannot be written. Let this user write the file, its -wal and -shm files and the directory';

/** What happened to the file, and what to do. */
const ADVICE: Readonly<Record<number, string>> = {
  [PERM]: NOT_WRITABLE,
  [READONLY]: NOT_WRITABLE,
  [IOERR]: 'could not be read or written. Check the disk; it has to be a local one, with room left',
  [CORRUPT]: DAMAGED,
  [FULL]: 'cannot grow: its disk is full. Free some space there',
  [CANTOPEN]:
    'cannot be opened. It has to be a file that this user may write, in a directory that it may write',
  [NOTADB]: DAMAGED,
};

/** Whether another process holds the file for the moment. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === BUSY || code === LOCKED || code === PROTOCOL;
}

/** Whether the disk has no room. */
export function isFull(error: unknown): boolean {
  return resultCode(error) === FULL;
}

/** Whether the file may be used on as it is open, now that the transaction is rolled back. */
export function leavesFileUsable(error: unknown): boolean {
  const code = resultCode(error);
  return code === undefined || code === CONSTRAINT || isBusy(error);
}

/** What a failure of SQLite or of the file system is to the caller; other errors stay what they are. */
export function failureOf(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error;
  const code = resultCode(error);
  if (code !== undefined) return failed(path, ADVICE[code] ?? 'cannot be used', error);
  if ('syscall' in error) return failed(path, ADVICE[CANTOPEN] ?? '', error);
  return error;
}

/** The file stayed locked for longer than a call may wait, milliseconds. */
export function lockedFor(path: string, waitedMs: number, cause: unknown): StoreError {
  return new StoreError(
    `The ledger ${path} was locked for more than ${waitedMs} ms. Look for a process that holds it, such as a backup or ` +
      'an SQLite shell with an open transaction, and end that.',
    cause,
  );
}

function failed(path: string, what: string, cause: Error): StoreError {
  return new StoreError(`The ledger ${path} ${what} (${cause.message}).`, cause);
}

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
