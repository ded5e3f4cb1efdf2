import { closeSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreError } from '../../budget/index.ts';

/** Which file it is, whatever its name. */
export interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
}

/**
 * Makes the file where there is none, readable and writable for its owner alone; SQLite gives the files beside it the same mode.
 * One that is there is not touched: to close it would let go of the locks that this process has on it.
 * @throws StoreError where the directory does not exist
 */
export function ensureFile(path: string): void {
  const directory = dirname(path);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new StoreError(
      `The ledger ${path} cannot be made: there is no directory ${directory}. Make it first.`,
    );
  }
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** Undefined where there is no such file. */
export function identityOf(path: string): FileIdentity | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/**
 * SQLite writes on to a file that was deleted, and what it writes is lost.
 * @throws StoreError where another file, or none, has that name now
 */
export function assertStillThere(path: string, opened: FileIdentity): void {
  const present = identityOf(path);
  if (present?.ino === opened.ino && present.dev === opened.dev) return;
  throw new StoreError(
    `The ledger ${path} was deleted or replaced while it was in use. The next call opens what is there now, or begins a new ` +
      'one at zero: put the file back first to keep what was spent.',
  );
}
