import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { isFull, leavesFileUsable } from './failures.ts';
import { assertStillThere, ensureFile, type FileIdentity, identityOf } from './file.ts';
import { nodeSqlite } from './node-sqlite.ts';
import { prepareSchema } from './schema.ts';

/** The columns of a row in their order: with their names, reading a row would take longer than finding it. */
export type Row = readonly SQLOutputValue[];

/** How long SQLite itself waits for a lock, milliseconds: the event loop stands still meanwhile. */
const BLOCKING_MS = 5;

/**
 * What is committed outlives the process as it is: an fsync of each commit would only matter where the machine loses power. The
 * log is written back, with an fsync, each 4,000 pages (4 MB): that takes milliseconds.
 */
const PACE = 'PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000';

/** One open ledger file: transactions, and statements that are prepared once. */
export class SqliteConnection {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #opened: FileIdentity;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * @throws StoreError where the file is not a ledger that can be used, or its directory does not exist
   * @throws Error of SQLite or of the file system where the file cannot be opened, or is locked
   */
  constructor(path: string) {
    ensureFile(path);
    const opened = identityOf(path);
    this.#path = path;
    this.#database = new (nodeSqlite().DatabaseSync)(path);
    try {
      this.#database.exec(`PRAGMA busy_timeout = ${BLOCKING_MS}`);
      prepareSchema(this.#database, path);
      this.#database.exec(PACE);
      // Looked up before it was opened: a file that was put in its place meanwhile is told at the first use.
      this.#opened = opened ?? { dev: -1, ino: -1 };
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Runs `work` alone, against all processes: all that it writes is kept, or, where it throws, nothing.
   * @throws StoreError where the file is not there any more
   */
  write<T>(work: () => T): T {
    assertStillThere(this.#path, this.#opened);
    this.run('BEGIN IMMEDIATE');
    try {
      const value = work();
      this.run('COMMIT');
      return value;
    } catch (error) {
      this.#rollBack(error);
      throw error;
    }
  }

  /**
   * Runs `work`, which is one statement and reads only, without waiting for those that write.
   * @throws StoreError where the file is not there any more
   */
  read<T>(work: () => T): T {
    assertStillThere(this.#path, this.#opened);
    return work();
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values) as unknown as Row | undefined;
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepared(sql).all(...values) as unknown[] as Row[];
  }

  /** How many rows were changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  /** Lets go of the file. What could not be written by then was told before. */
  close(): void {
    this.#statements.clear();
    try {
      this.#database.close();
    } catch {
      // Closed already, or on a disk that is gone.
    }
  }

  #rollBack(cause: unknown): void {
    // A file that cannot be used on is closed, which rolls back too.
    if (!leavesFileUsable(cause) && !isFull(cause)) return;
    try {
      // SQLite has done so by itself after some failures.
      if (this.#database.isTransaction) this.run('ROLLBACK');
      // The log has the most of what we hold of a full disk: written back, it begins anew.
      if (isFull(cause)) this.#database.exec('PRAGMA wal_checkpoint');
    } catch {
      // What failed first is what the caller has to know.
      this.close();
    }
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      statement.setReturnArrays(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
