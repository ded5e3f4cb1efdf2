import {
  appendFileSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { StoreError } from '../../budget/index.ts';
import { errorMessage } from '../../util/index.ts';
import { type JobLock, type JobStore, KEPT_CHECKPOINTS, type StoredCheckpoint } from './job-store.ts';
import { isFileLocked, lockFile } from './process-lock.ts';

const CHECKPOINT_FILE = /^checkpoint-(\d{9,15})\.json$/;
const RECORDS_FILE = 'calls.jsonl';

/**
 * Stores jobs in a directory, each in one of its own: `checkpoint-000000012.json`, written as a whole or not
 * at all (a temporary file, fsync, rename, fsync of the directory), and `calls.jsonl`. Only their owner can
 * read them.
 */
export class FileJobStore implements JobStore {
  readonly location: string;
  readonly #maxCheckpoints: number;

  /** @param directory created with the first job */
  constructor(directory: string, maxCheckpoints = KEPT_CHECKPOINTS) {
    this.location = resolve(directory);
    this.#maxCheckpoints = maxCheckpoints;
  }

  async jobs(): Promise<readonly string[]> {
    return this.#try('read', () =>
      listEntries(this.location, (name) =>
        listEntries(join(this.location, name)).some((file) => CHECKPOINT_FILE.test(file)),
      ),
    );
  }

  async checkpoints(job: string): Promise<readonly StoredCheckpoint[]> {
    const directory = this.#directoryOf(job);
    return this.#try('read', () =>
      listEntries(directory)
        .flatMap((file) => {
          const sequence = CHECKPOINT_FILE.exec(file)?.[1];
          return sequence === undefined
            ? []
            : [{ sequence: Number(sequence), location: join(directory, file) }];
        })
        .sort((a, b) => b.sequence - a.sequence)
        .map((one) => ({ ...one, text: readFileSync(one.location, 'utf8') })),
    );
  }

  async save(job: string, sequence: number, text: string): Promise<void> {
    const directory = this.#directoryOf(job);
    const name = `checkpoint-${String(sequence).padStart(9, '0')}.json`;
    const temporary = join(directory, `.${name}.${process.pid}.tmp`);
    this.#try('written', () => {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      try {
        writeAndSync(temporary, text);
        renameSync(temporary, join(directory, name));
      } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
      }
      syncDirectory(directory);
    });
    this.#deleteOld(directory, sequence);
  }

  append(job: string, line: string): void {
    this.#try('written', () => {
      mkdirSync(this.#directoryOf(job), { recursive: true, mode: 0o700 });
      appendFileSync(join(this.#directoryOf(job), RECORDS_FILE), `${line}\n`, { mode: 0o600 });
    });
  }

  async records(job: string): Promise<readonly string[]> {
    return this.#try('read', () => {
      if (!listEntries(this.#directoryOf(job)).includes(RECORDS_FILE)) return [];
      // A last line without an end of line was cut short.
      return readFileSync(join(this.#directoryOf(job), RECORDS_FILE), 'utf8')
        .split('\n')
        .slice(0, -1);
    });
  }

  async lock(job: string): Promise<JobLock> {
    this.#try('written', () => mkdirSync(this.#directoryOf(job), { recursive: true, mode: 0o700 }));
    return lockFile(join(this.#directoryOf(job), 'lock'), job);
  }

  async isLocked(job: string): Promise<boolean> {
    return isFileLocked(join(this.#directoryOf(job), 'lock'), job);
  }

  close(): void {}

  #directoryOf(job: string): string {
    return join(this.location, job);
  }

  /** Deletes all but the last few. A failure only leaves more than is needed. */
  #deleteOld(directory: string, newest: number): void {
    try {
      for (const file of listEntries(directory)) {
        const sequence = Number(CHECKPOINT_FILE.exec(file)?.[1] ?? Number.NaN);
        if (sequence <= newest - this.#maxCheckpoints) rmSync(join(directory, file), { force: true });
      }
    } catch {}
  }

  #try<T>(what: 'read' | 'written', run: () => T): T {
    try {
      return run();
    } catch (error) {
      const why = errorMessage(error);
      throw new StoreError(`The jobs in ${this.location} cannot be ${what} (${why}).`, error);
    }
  }
}

function listEntries(directory: string, of: (name: string) => boolean = () => true): string[] {
  try {
    return readdirSync(directory).filter(of);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

function writeAndSync(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600);
  try {
    const bytes = Buffer.from(text, 'utf8');
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes a new name survive a power failure. Windows cannot open a directory, and needs no fsync of it. */
function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  const file = openSync(directory, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
