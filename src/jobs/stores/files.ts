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
import { type FoundCheckpoint, type JobLock, type JobStore, KEPT_CHECKPOINTS } from './job-store.ts';
import { isLocked, lockFile } from './process-lock.ts';

const CHECKPOINT = /^checkpoint-(\d{9,15})\.json$/;
const RECORDS = 'calls.jsonl';

/**
 * Jobs in a directory, each in one of its own: `checkpoint-000000012.json`, written whole or not at all (a temporary file, fsync,
 * rename, fsync of the directory), and `calls.jsonl`. Readable for their owner alone.
 */
export class FileJobStore implements JobStore {
  readonly where: string;
  readonly #kept: number;

  /** @param directory made with the first job */
  constructor(directory: string, kept = KEPT_CHECKPOINTS) {
    this.where = resolve(directory);
    this.#kept = kept;
  }

  async jobs(): Promise<readonly string[]> {
    return this.#try('read', () =>
      entriesOf(this.where, (name) =>
        entriesOf(join(this.where, name)).some((file) => CHECKPOINT.test(file)),
      ),
    );
  }

  async checkpoints(job: string): Promise<readonly FoundCheckpoint[]> {
    return this.#try('read', () =>
      entriesOf(this.#of(job))
        .flatMap((file) => {
          const sequence = CHECKPOINT.exec(file)?.[1];
          return sequence === undefined
            ? []
            : [{ sequence: Number(sequence), where: join(this.#of(job), file) }];
        })
        .sort((a, b) => b.sequence - a.sequence)
        .map((one) => ({ ...one, text: readFileSync(one.where, 'utf8') })),
    );
  }

  async save(job: string, sequence: number, text: string): Promise<void> {
    const directory = this.#of(job);
    const name = `checkpoint-${String(sequence).padStart(9, '0')}.json`;
    const temporary = join(directory, `.${name}.${process.pid}.tmp`);
    this.#try('written', () => {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      try {
        writeWhole(temporary, text);
        renameSync(temporary, join(directory, name));
      } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
      }
      syncDirectory(directory);
    });
    this.#forget(directory, sequence);
  }

  append(job: string, line: string): void {
    this.#try('written', () => {
      mkdirSync(this.#of(job), { recursive: true, mode: 0o700 });
      appendFileSync(join(this.#of(job), RECORDS), `${line}\n`, { mode: 0o600 });
    });
  }

  async records(job: string): Promise<readonly string[]> {
    return this.#try('read', () => {
      if (!entriesOf(this.#of(job)).includes(RECORDS)) return [];
      // What has no end of line was cut short.
      return readFileSync(join(this.#of(job), RECORDS), 'utf8')
        .split('\n')
        .slice(0, -1);
    });
  }

  async lock(job: string): Promise<JobLock> {
    this.#try('written', () => mkdirSync(this.#of(job), { recursive: true, mode: 0o700 }));
    return lockFile(join(this.#of(job), 'lock'), job);
  }

  async held(job: string): Promise<boolean> {
    return isLocked(join(this.#of(job), 'lock'), job);
  }

  close(): void {}

  #of(job: string): string {
    return join(this.where, job);
  }

  /** Forgets what is older than the last few. Where that fails, there is more than needed. */
  #forget(directory: string, newest: number): void {
    try {
      for (const file of entriesOf(directory)) {
        const sequence = Number(CHECKPOINT.exec(file)?.[1] ?? Number.NaN);
        if (sequence <= newest - this.#kept) rmSync(join(directory, file), { force: true });
      }
    } catch {}
  }

  #try<T>(what: 'read' | 'written', run: () => T): T {
    try {
      return run();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new StoreError(`The jobs in ${this.where} cannot be ${what} (${why}).`, error);
    }
  }
}

function entriesOf(directory: string, of: (name: string) => boolean = () => true): string[] {
  try {
    return readdirSync(directory).filter(of);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

function writeWhole(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600);
  try {
    const bytes = Buffer.from(text, 'utf8');
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** So that the name survives a loss of power too. Windows cannot open a directory, and needs no fsync of it. */
function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  const file = openSync(directory, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
