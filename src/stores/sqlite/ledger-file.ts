import { resolve } from 'node:path';
import { LedgerLostError, StoreError } from '../../budget/index.ts';
import type { MaybePromise } from '../../util/index.ts';
import { SqliteConnection } from './connection.ts';
import { isBusy, keepsFileUsable, lockTimeoutError, toStoreFailure } from './failures.ts';
import { KnownFile } from './known-file.ts';
import { type Work, WorkQueue } from './work-queue.ts';

const DEFAULT_BUSY_TIMEOUT_MS = 10_000;

/**
 * The file of a ledger, opened on first use. Work on it is done at once if the file is free, and returns a
 * promise while another process has locked it, so that the event loop is not blocked. A failure is a rejected
 * promise, never thrown.
 */
export class LedgerFile {
  readonly #path: string;
  readonly #queue: WorkQueue;
  readonly #known: KnownFile;
  readonly #onLost: ((what: string) => void) | undefined;
  #isLost = false;
  #connection: SqliteConnection | undefined;
  #isClosed = false;

  /**
   * @param path a relative one is resolved now, by the working directory
   * @param busyTimeoutMs how long work waits for other processes to release the file, milliseconds, without
   * the time in which this process is blocked; default: 10,000
   * @param onLost called when the file is found not to be what it was
   * @throws RangeError if the timeout is negative or not a number
   */
  constructor(path: string, busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS, onLost?: (what: string) => void) {
    if (!(busyTimeoutMs >= 0)) {
      throw new RangeError(`busyTimeoutMs: got ${busyTimeoutMs}, expected a number of milliseconds from 0`);
    }
    this.#path = resolve(path);
    const file = {
      attempt: <T>(work: Work<T>) => this.#attempt(work),
      toLockTimeout: (cause: unknown) => lockTimeoutError(this.#path, busyTimeoutMs, cause),
      toFailure: (error: unknown) => toStoreFailure(this.#path, error),
    };
    this.#queue = new WorkQueue(file, busyTimeoutMs);
    this.#known = new KnownFile(this.#path);
    this.#onLost = onLost;
  }

  /** How many other ledgers were accepted in place of the first. */
  get replacements(): number {
    return this.#known.replacements;
  }

  /** Closes the file when the work that waits for it is done. Later work is rejected. */
  close(): MaybePromise<void> {
    this.#isClosed = true;
    if (this.#queue.isEmpty) return this.#disconnect();
    return this.#queue.drained.then(() => this.#disconnect());
  }

  /** Runs `work` at once, or when the file is free. */
  run<T>(work: Work<T>): MaybePromise<T> {
    if (this.#isClosed) return Promise.reject(new StoreError(`The ledger ${this.#path} is closed.`));
    if (!this.#queue.isEmpty) return this.#queue.add(work);
    try {
      return this.#attempt(work);
    } catch (error) {
      return isBusy(error) ? this.#queue.add(work) : Promise.reject(toStoreFailure(this.#path, error));
    }
  }

  /**
   * Does the work that waits for the file in this turn, which blocks the process for at most `timeoutMs`
   * milliseconds.
   * @returns whether it was done: if not, the file is still locked
   */
  runWaiting(timeoutMs: number): boolean {
    if (this.#queue.isEmpty) return true;
    try {
      this.#connection?.setBlocking(Math.ceil(timeoutMs));
      this.#queue.runNow();
      return true;
    } catch {
      return false;
    }
  }

  #attempt<T>(work: Work<T>): T {
    try {
      this.#connection ??= new SqliteConnection(this.#path, this.#known);
      const value = work(this.#connection);
      this.#isLost = false;
      return value;
    } catch (error) {
      if (error instanceof LedgerLostError && !this.#isLost) {
        this.#isLost = true;
        this.#onLost?.(error.message);
      }
      // A StoreError from within says that another file has this name now.
      if (error instanceof StoreError || !keepsFileUsable(error)) this.#disconnect();
      throw error;
    }
  }

  #disconnect(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}
