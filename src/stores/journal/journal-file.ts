import {
  closeSync,
  fdatasync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { formatEntry, type JournalEntry, parseEntry } from './entry.ts';
import { isRunning, OWN_OWNER } from './owner.ts';

const EXTENSION = '.jsonl';

/** After how long without a sign of life the journal of an owner that cannot be asked is adopted, milliseconds. */
export const ABANDONED_MS = 600_000;

const sync = promisify(fdatasync);

/**
 * The file of a journal, for its owner alone: its name says who that is. It only grows, by a line for each
 * entry.
 */
export class JournalFile {
  /** The name of the journal, whoever owns it. */
  readonly id: string;
  readonly path: string;
  readonly #descriptor: number;

  private constructor(id: string, path: string, flags: string) {
    this.id = id;
    this.path = path;
    this.#descriptor = openSync(path, flags, 0o600);
  }

  /** Creates the file, and its directory. @throws Error of the file system */
  static create(directory: string, id: string): JournalFile {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return new JournalFile(id, ownPath(directory, id), 'ax');
  }

  /**
   * Makes this process the owner of a journal whose owner has ended.
   * @param name of the file in the directory
   * @returns undefined if another process did so first, or the owner runs
   */
  static adopt(directory: string, name: string): JournalFile | undefined {
    const [id = '', ...owner] = name.slice(0, -EXTENSION.length).split('.');
    const path = join(directory, name);
    if (!isAbandoned(path, owner.join('.'))) return undefined;
    try {
      renameSync(path, ownPath(directory, id));
    } catch {
      return undefined;
    }
    return new JournalFile(id, ownPath(directory, id), 'a+');
  }

  /** Returns the names of the journals in a directory; none if there is no such directory. */
  static list(directory: string): string[] {
    try {
      return readdirSync(directory).filter((name) => name.endsWith(EXTENSION));
    } catch {
      return [];
    }
  }

  /** Whether the file still is this process's: another one may have taken it for dead. */
  get isOwn(): boolean {
    return statSync(this.path, { throwIfNoEntry: false }) !== undefined;
  }

  /**
   * Reads all entries. A last line without an end was never completed, and is removed.
   * @throws Error if another line is not an entry
   */
  read(): JournalEntry[] {
    const text = readFileSync(this.path, 'utf8');
    const complete = text.slice(0, text.lastIndexOf('\n') + 1);
    if (complete.length < text.length) ftruncateSync(this.#descriptor, Buffer.byteLength(complete));
    return complete
      .split('\n')
      .slice(0, -1)
      .map((line, index) => {
        const entry = parseEntry(line);
        if (entry === undefined) throw new Error(`line ${index + 1} is not an entry of a journal`);
        return entry;
      });
  }

  /** Appends an entry, which survives this process. @throws Error of the file system */
  append(entry: JournalEntry): void {
    writeSync(this.#descriptor, formatEntry(entry));
  }

  /** Resolves when what was appended survives a power failure. */
  sync(): Promise<void> {
    return sync(this.#descriptor);
  }

  /** Shows that the owner is alive, to processes that cannot see that themselves. */
  touch(): void {
    const now = new Date();
    utimesSync(this.path, now, now);
  }

  /** Closes the file. */
  close(): void {
    closeSync(this.#descriptor);
  }

  /** Deletes the file, unless another process owns it now. */
  delete(): void {
    rmSync(this.path, { force: true });
    this.close();
  }
}

function ownPath(directory: string, id: string): string {
  return join(directory, `${id}.${OWN_OWNER}${EXTENSION}`);
}

function isAbandoned(path: string, owner: string): boolean {
  const runs = isRunning(owner);
  if (runs !== undefined) return !runs;
  const { mtimeMs = Infinity } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return Date.now() - mtimeMs > ABANDONED_MS;
}
