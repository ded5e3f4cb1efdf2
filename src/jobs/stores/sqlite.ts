import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LedgerFile, type SqliteConnection } from '../../stores/sqlite/index.ts';
import { andThen, type MaybePromise } from '../../util/index.ts';
import { type JobLock, type JobStore, KEPT_CHECKPOINTS, type StoredCheckpoint } from './job-store.ts';
import { isFileLocked, lockFile } from './process-lock.ts';

/** Tables beside those of the ledger, created on first use. */
const TABLES = [
  `CREATE TABLE IF NOT EXISTS job_checkpoints (
    job TEXT NOT NULL, sequence INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (job, sequence)
  ) STRICT, WITHOUT ROWID`,
  'CREATE TABLE IF NOT EXISTS job_calls (id INTEGER PRIMARY KEY, job TEXT NOT NULL, text TEXT NOT NULL) STRICT',
  'CREATE INDEX IF NOT EXISTS job_calls_by_job ON job_calls (job)',
];

const SAVE = `
  INSERT INTO job_checkpoints (job, sequence, text) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET text = excluded.text`;

/** Options of an SQLite job store. */
export interface SqliteJobStoreOptions {
  /**
   * How long a write waits for other processes to release the file before it rejects, milliseconds; default:
   * 5,000.
   */
  readonly busyTimeoutMs?: number;
  /** How many checkpoints of a job are kept; default: 5. */
  readonly maxCheckpoints?: number;
}

/** Stores jobs in the file of an SQLite ledger, and their locks in a directory beside it. */
export class SqliteJobStore implements JobStore {
  readonly location: string;
  readonly #file: LedgerFile;
  readonly #maxCheckpoints: number;
  readonly #withTables = new WeakSet<SqliteConnection>();

  /** @param path of the ledger; its directory has to exist */
  constructor(
    path: string,
    { busyTimeoutMs, maxCheckpoints = KEPT_CHECKPOINTS }: SqliteJobStoreOptions = {},
  ) {
    this.location = resolve(path);
    this.#file = new LedgerFile(path, busyTimeoutMs);
    this.#maxCheckpoints = maxCheckpoints;
  }

  async jobs(): Promise<readonly string[]> {
    const rows = await this.#answer((file) =>
      file.all('SELECT DISTINCT job FROM job_checkpoints ORDER BY job'),
    );
    return rows.map(([job]) => String(job));
  }

  async checkpoints(job: string): Promise<readonly StoredCheckpoint[]> {
    const find = 'SELECT sequence, text FROM job_checkpoints WHERE job = ? ORDER BY sequence DESC';
    const rows = await this.#answer((file) => file.all(find, job));
    return rows.map(([sequence, text]) => ({
      sequence: Number(sequence),
      text: String(text),
      location: `${this.location}, checkpoint ${Number(sequence)} of ${job}`,
    }));
  }

  async save(job: string, sequence: number, text: string): Promise<void> {
    await this.#answer((file) =>
      file.write(() => {
        file.run(SAVE, job, sequence, text);
        file.run(
          'DELETE FROM job_checkpoints WHERE job = ? AND sequence <= ?',
          job,
          sequence - this.#maxCheckpoints,
        );
      }),
    );
  }

  append(job: string, line: string): MaybePromise<void> {
    return andThen(
      this.#answer((file) =>
        file.write(() => file.run('INSERT INTO job_calls (job, text) VALUES (?, ?)', job, line)),
      ),
      () => undefined,
    );
  }

  async records(job: string): Promise<readonly string[]> {
    const rows = await this.#answer((file) =>
      file.all('SELECT text FROM job_calls WHERE job = ? ORDER BY id', job),
    );
    return rows.map(([text]) => String(text));
  }

  async lock(job: string): Promise<JobLock> {
    // Before anything is created: the path may be misspelt.
    await this.#answer(() => undefined);
    mkdirSync(this.#lockDirectory, { recursive: true, mode: 0o700 });
    return lockFile(join(this.#lockDirectory, `${job}.lock`), job);
  }

  async isLocked(job: string): Promise<boolean> {
    return isFileLocked(join(this.#lockDirectory, `${job}.lock`), job);
  }

  close(): MaybePromise<void> {
    return this.#file.close();
  }

  get #lockDirectory(): string {
    return `${this.location}-jobs`;
  }

  /** Runs `work` on the file, which has the tables of jobs by then. */
  #answer<T>(work: (file: SqliteConnection) => T): MaybePromise<T> {
    return this.#file.run((connection) => {
      if (!this.#withTables.has(connection)) {
        connection.write(() => {
          for (const table of TABLES) connection.run(table);
        });
        this.#withTables.add(connection);
      }
      return work(connection);
    });
  }
}
