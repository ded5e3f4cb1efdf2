import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { isDiskFull, keepsFileUsable } from './failures.ts';
import { createFileIfMissing, FileWatch, fileIdentity } from './file.ts';
import type { KnownFile } from './known-file.ts';
import { loadNodeSqlite } from './node-sqlite.ts';
import { prepareSchema, readMark } from './schema.ts';

/** The columns of a row in order: with their names, reading a row would take longer than finding it. */
export type SqliteRow = readonly SQLOutputValue[];

/** How long SQLite itself waits for a lock by default, milliseconds. It blocks the event loop meanwhile. */
const BLOCKING_MS = 5;

/**
 * Commits survive the process without an fsync, which would matter only if the machine loses power. The log
 * is written back, with an fsync, every 4,000 pages (4 MB), which takes milliseconds.
 */
const DURABILITY = 'PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000';

const DELETED = 'was deleted, moved or replaced while it was in use, or its -wal file was';

/** An open ledger file: transactions, and statements that are prepared once. */
export class SqliteConnection {
  readonly #database: DatabaseSync;
  readonly #known: KnownFile;
  readonly #watch: FileWatch;
  readonly #statements = new Map<string, StatementSync>();
  #isWriting = false;

  /**
   * @throws StoreError if the file is not a usable ledger, or its directory does not exist
   * @throws LedgerLostError if it is not the file that was in use before
   * @throws Error of SQLite or of the file system if the file cannot be opened, or is locked
   */
  constructor(path: string, known: KnownFile) {
    this.#known = known;
    if (!known.isKnown) createFileIfMissing(path);
    const opened = fileIdentity(path);
    if (opened === undefined) throw known.lostError(DELETED);
    this.#database = new (loadNodeSqlite().DatabaseSync)(path);
    try {
      this.setBlocking(BLOCKING_MS);
      prepareSchema(this.#database, path);
      this.#database.exec(DURABILITY);
      known.accept(readMark(this.#database));
      // Read before the file was opened: if it was replaced meanwhile, the first use finds out.
      this.#watch = new FileWatch(path, opened);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Runs `work` in a transaction that excludes those of all processes. If it throws, nothing is written.
   * Within the `work` of another one, it is a part of that transaction which is undone by itself.
   * @throws LedgerLostError if the file is no longer there, or is not what it was
   */
  write<T>(work: () => T): T {
    if (this.#isWriting) return this.#writePart(work);
    this.#assertSameFile();
    this.run('BEGIN IMMEDIATE');
    this.#isWriting = true;
    try {
      const value = work();
      this.run('COMMIT');
      this.#known.commit();
      return value;
    } catch (error) {
      this.#known.rollBack();
      this.#rollBack(error);
      throw error;
    } finally {
      this.#isWriting = false;
    }
  }

  /** Sets how long SQLite waits for a lock, milliseconds, which blocks the event loop. */
  setBlocking(ms: number): void {
    this.#database.exec(`PRAGMA busy_timeout = ${ms}`);
  }

  /**
   * Runs `work`, a single reading statement, without waiting for writers.
   * @throws LedgerLostError if the file is no longer there, or is not what it was
   */
  read<T>(work: () => T): T {
    this.#assertSameFile();
    return work();
  }

  /**
   * Checks an account that was read.
   * @throws LedgerLostError if this process knows of later changes to it
   */
  observe(account: number, generation: number): void {
    this.#known.observe(account, generation, !this.#database.isTransaction);
  }

  /** Returns the first row of a statement. */
  get(sql: string, ...values: SQLInputValue[]): SqliteRow | undefined {
    return this.#prepared(sql).get(...values) as unknown as SqliteRow | undefined;
  }

  /** Returns all rows of a statement. */
  all(sql: string, ...values: SQLInputValue[]): SqliteRow[] {
    return this.#prepared(sql).all(...values) as unknown[] as SqliteRow[];
  }

  /** Executes a statement; returns how many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  /** Closes the file. */
  close(): void {
    this.#statements.clear();
    try {
      this.#database.close();
    } catch {
      // It is closed already, or its disk is gone.
    }
  }

  #writePart<T>(work: () => T): T {
    this.run('SAVEPOINT part');
    try {
      const value = work();
      this.run('RELEASE part');
      return value;
    } catch (error) {
      if (!keepsFileUsable(error)) throw error;
      this.run('ROLLBACK TO part');
      this.run('RELEASE part');
      throw error;
    }
  }

  /** Checks the file: SQLite continues to write to one that was deleted, and what it writes is lost. */
  #assertSameFile(): void {
    if (!this.#watch.isSame()) throw this.#known.lostError(DELETED);
  }

  #rollBack(cause: unknown): void {
    // A file that cannot be used any more is closed, which rolls back too.
    if (!keepsFileUsable(cause) && !isDiskFull(cause)) return;
    try {
      // After some failures, SQLite has rolled back by itself.
      if (this.#database.isTransaction) this.run('ROLLBACK');
      // Most of our space on a full disk is the log: written back, it starts over.
      if (isDiskFull(cause)) this.#database.exec('PRAGMA wal_checkpoint');
    } catch {
      // The caller has to know the first failure, not this one.
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
