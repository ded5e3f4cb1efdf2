import { closeSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreError } from '../../budget/index.ts';

/** Identifies a file, whatever its name. */
export interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
}

/**
 * Creates the file if there is none, so that only its owner can read and write it; SQLite gives the files
 * beside it the same mode. An existing file is not opened: closing it would release the locks that this
 * process has on it.
 * @throws StoreError if the directory does not exist
 */
export function createFileIfMissing(path: string): void {
  const directory = dirname(path);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new StoreError(
      `The ledger ${path} cannot be created: there is no directory ${directory}. Create it first.`,
    );
  }
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** Returns the identity of the file with that name; undefined if there is none. */
export function fileIdentity(path: string): FileIdentity | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/**
 * Checks that the file is still there: SQLite continues to write to a deleted file, and what it writes is
 * lost.
 * @throws StoreError if another file, or none, has that name now
 */
export function assertSameFile(path: string, opened: FileIdentity): void {
  const present = fileIdentity(path);
  if (present?.ino === opened.ino && present.dev === opened.dev) return;
  throw new StoreError(
    `The ledger ${path} was deleted or replaced while it was in use. The next call opens what is there now, or starts a new ` +
      'one at zero. To keep what was spent, put the file back first.',
  );
}
