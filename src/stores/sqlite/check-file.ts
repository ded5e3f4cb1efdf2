import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { StoreSetupError } from '../../budget/index.ts';
import { notDatabaseError, toStoreFailure } from './failures.ts';
import { assertDirectory } from './file.ts';

/** The first bytes of every SQLite file that is not empty. https://sqlite.org/fileformat.html#the_database_header */
const MAGIC = 'SQLite format 3\0';

/**
 * Checks a ledger file as far as that takes microseconds: without SQLite, and without creating the file. It
 * must not be called while this process has the file open: reading the file would release the locks on it.
 * @throws StoreSetupError if the file cannot be a ledger, or cannot be written
 */
export function checkLedgerFile(path: string): void {
  const file = resolve(path);
  try {
    assertDirectory(file);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats?.isDirectory() === true) {
      throw new StoreSetupError(
        `The ledger ${file} cannot be opened: it is a directory.`,
        'the path of a file',
      );
    }
    if (stats !== undefined) accessSync(file, constants.R_OK | constants.W_OK);
    // SQLite creates the log beside the file when it opens it.
    const needsDirectory = statSync(`${file}-wal`, { throwIfNoEntry: false }) === undefined;
    if (needsDirectory) accessSync(dirname(file), constants.W_OK);
    if (stats?.isFile() === true && stats.size > 0) checkHeader(file);
  } catch (error) {
    throw toStoreFailure(file, error);
  }
}

function checkHeader(file: string): void {
  const header = Buffer.alloc(MAGIC.length);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, header, 0, header.length, 0);
  } finally {
    closeSync(descriptor);
  }
  if (header.toString('latin1') !== MAGIC) throw notDatabaseError(file);
}
