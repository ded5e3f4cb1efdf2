import { closeSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreSetupError } from '../../budget/index.ts';

/** Identifies a file, whatever its name. */
export interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
}

/**
 * Creates the file if there is none, so that only its owner can read and write it; SQLite gives the files
 * beside it the same mode. An existing file is not opened: closing it would release the locks that this
 * process has on it.
 * @throws StoreSetupError if the directory does not exist
 */
export function createFileIfMissing(path: string): void {
  assertDirectory(path);
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** Checks that the directory of a file exists. @throws StoreSetupError if it does not */
export function assertDirectory(path: string): void {
  const directory = dirname(path);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new StoreSetupError(
    `The ledger ${path} cannot be created: there is no directory ${directory}. Create it first.`,
    'a file in an existing directory',
  );
}

/** Returns the identity of the file with that name; undefined if there is none. */
export function fileIdentity(path: string): FileIdentity | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/** How often the log beside the file is looked at, milliseconds: not with each call, which takes microseconds. */
const LOG_CHECK_MS = 100;

/** Notices that a file that is open, or the log beside it, was deleted or replaced. */
export class FileWatch {
  readonly #path: string;
  readonly #opened: FileIdentity;
  #log: FileIdentity | undefined;
  #logCheckedAt = -Infinity;

  /** @param opened the file as it was opened */
  constructor(path: string, opened: FileIdentity) {
    this.#path = path;
    this.#opened = opened;
  }

  /** Whether both are what they were. */
  isSame(): boolean {
    return isSameFile(fileIdentity(this.#path), this.#opened) && this.#isLogSame();
  }

  #isLogSame(): boolean {
    const now = performance.now();
    if (now - this.#logCheckedAt < LOG_CHECK_MS) return true;
    this.#logCheckedAt = now;
    const present = fileIdentity(`${this.#path}-wal`);
    // It is there from the first transaction on, for as long as the file is open.
    if (this.#log === undefined) this.#log = present;
    return this.#log === undefined || isSameFile(present, this.#log);
  }
}

function isSameFile(one: FileIdentity | undefined, other: FileIdentity): boolean {
  return one?.ino === other.ino && one.dev === other.dev;
}
