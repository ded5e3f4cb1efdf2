import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LedgerFile, type SqliteConnection } from '../../stores/sqlite/index.ts';
import { afterwards, type MaybePromise } from '../../util/index.ts';
import { type FoundCheckpoint, type JobLock, type JobStore, KEPT_CHECKPOINTS } from './job-store.ts';
import { isLocked, lockFile } from './process-lock.ts';

/** Tables beside those of the ledger; a ledger without jobs has none of them. */
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

/** Jobs in the file of an SQLite ledger. Their locks are files in a directory beside it. */
export class SqliteJobStore implements JobStore {
  readonly where: string;
  readonly #file: LedgerFile;
  readonly #kept: number;
  readonly #prepared = new WeakSet<SqliteConnection>();

  /** @param path of the ledger, whose directory exists */
  constructor(
    path: string,
    { busyTimeoutMs, kept = KEPT_CHECKPOINTS }: { busyTimeoutMs?: number; kept?: number } = {},
  ) {
    this.where = resolve(path);
    this.#file = new LedgerFile(path, busyTimeoutMs);
    this.#kept = kept;
  }

  async jobs(): Promise<readonly string[]> {
    const rows = await this.#answer((file) =>
      file.all('SELECT DISTINCT job FROM job_checkpoints ORDER BY job'),
    );
    return rows.map(([job]) => String(job));
  }

  async checkpoints(job: string): Promise<readonly FoundCheckpoint[]> {
    const find = 'SELECT sequence, text FROM job_checkpoints WHERE job = ? ORDER BY sequence DESC';
    const rows = await this.#answer((file) => file.all(find, job));
    return rows.map(([sequence, text]) => ({
      sequence: Number(sequence),
      text: String(text),
      where: `${this.where}, checkpoint ${Number(sequence)} of ${job}`,
    }));
  }

  async save(job: string, sequence: number, text: string): Promise<void> {
    await this.#answer((file) =>
      file.write(() => {
        file.run(SAVE, job, sequence, text);
        file.run('DELETE FROM job_checkpoints WHERE job = ? AND sequence <= ?', job, sequence - this.#kept);
      }),
    );
  }

  append(job: string, line: string): MaybePromise<void> {
    return afterwards(
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
    mkdirSync(this.#locks, { recursive: true, mode: 0o700 });
    return lockFile(join(this.#locks, `${job}.lock`), job);
  }

  async held(job: string): Promise<boolean> {
    return isLocked(join(this.#locks, `${job}.lock`), job);
  }

  close(): MaybePromise<void> {
    return this.#file.close();
  }

  get #locks(): string {
    return `${this.where}-jobs`;
  }

  #answer<T>(work: (file: SqliteConnection) => T): MaybePromise<T> {
    return this.#file.answer((connection) => {
      if (!this.#prepared.has(connection)) {
        connection.write(() => {
          for (const table of TABLES) connection.run(table);
        });
        this.#prepared.add(connection);
      }
      return work(connection);
    });
  }
}
