import { StoreError, StoreSetupError } from '../../budget/index.ts';

/**
 * SQLite's primary result codes, which are the low byte of its extended ones. https://sqlite.org/rescode.html
 */
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
  'is damaged, or not an SQLite file. Restore it from a backup, or move it away together with its -wal and -shm files, ' +
  'and every budget starts at zero';
const NOT_WRITABLE =
  'cannot be written. Allow this user to write the file, its -wal and -shm files and the directory';

const DATABASE = 'an SQLite file of this package, or a path where there is no file yet';
const WRITABLE = 'a file that this user can read and write, in a directory that this user can write';

/** What was expected, for the failures that remain until the set-up is corrected. */
const EXPECTED: Readonly<Record<number, string>> = {
  [PERM]: WRITABLE,
  [READONLY]: WRITABLE,
  [CORRUPT]: DATABASE,
  [CANTOPEN]: WRITABLE,
  [NOTADB]: DATABASE,
};

/** The errors of the file system that pass: too many open files, a full or failing disk. */
const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOSPC', 'EDQUOT', 'EIO', 'ENOMEM', 'EAGAIN', 'EINTR']);

/** What happened to the file, and what to do about it. */
const ADVICE: Readonly<Record<number, string>> = {
  [PERM]: NOT_WRITABLE,
  [READONLY]: NOT_WRITABLE,
  [IOERR]: 'could not be read or written. Check the disk: it has to be a local one with free space',
  [CORRUPT]: DAMAGED,
  [FULL]: 'cannot grow: its disk is full. Free some space',
  [CANTOPEN]: 'cannot be opened. This user has to be able to write the file and its directory',
  [NOTADB]: DAMAGED,
};

/** Whether another process has locked the file. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === BUSY || code === LOCKED || code === PROTOCOL;
}

/** Whether the disk is full. */
export function isDiskFull(error: unknown): boolean {
  return resultCode(error) === FULL;
}

/** Whether the open file can still be used once the transaction is rolled back. */
export function keepsFileUsable(error: unknown): boolean {
  const code = resultCode(error);
  return code === undefined || code === CONSTRAINT || isBusy(error);
}

/** Turns a failure of SQLite or of the file system into a StoreError; other errors stay as they are. */
export function toStoreFailure(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error;
  const code = resultCode(error);
  if (code !== undefined)
    return makeStoreError(path, ADVICE[code] ?? 'cannot be used', error, EXPECTED[code]);
  if (!('syscall' in error)) return error;
  const isPassing = 'code' in error && PASSING.has(String(error.code));
  return makeStoreError(path, ADVICE[CANTOPEN] ?? '', error, isPassing ? undefined : WRITABLE);
}

/** Returns the error for a file that does not begin as an SQLite file does. */
export function notDatabaseError(path: string): StoreSetupError {
  return new StoreSetupError(`The ledger ${path} ${DAMAGED} (file is not a database).`, DATABASE);
}

/** Returns the error for a file that stayed locked for longer than a call may wait, milliseconds. */
export function lockTimeoutError(path: string, waitedMs: number, cause: unknown): StoreError {
  return new StoreError(
    `The ledger ${path} was locked for more than ${waitedMs} ms. Find the process that holds it, such as a backup or ` +
      'an SQLite shell with an open transaction, and end it.',
    cause,
  );
}

/** @param expected what was expected, if the set-up has to be corrected */
function makeStoreError(path: string, what: string, cause: Error, expected: string | undefined): StoreError {
  const message = `The ledger ${path} ${what} (${cause.message}).`;
  if (expected === undefined) return new StoreError(message, cause);
  return new StoreSetupError(message, expected, cause);
}

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
