import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../../budget/index.ts';
import { backoffMs, type MaybePromise } from '../../util/index.ts';
import { SqliteConnection } from './connection.ts';
import { isBusy, keepsFileUsable, lockTimeoutError, toStoreFailure } from './failures.ts';

const DEFAULT_BUSY_TIMEOUT_MS = 5_000;

/** The pauses before a locked file is tried again. */
const BUSY_RETRY = { firstMs: 2, maxMs: 25 };

/**
 * The file of a ledger, opened on first use. Work on it is done at once if the file is free, and returns a
 * promise while another process has locked it, so that the event loop is not blocked. A failure is a rejected
 * promise, never thrown.
 */
export class LedgerFile {
  readonly #path: string;
  readonly #busyTimeoutMs: number;
  readonly #waiting = new Set<Promise<unknown>>();
  #connection: SqliteConnection | undefined;
  #isClosed = false;

  /**
   * @param path a relative one is resolved now, by the working directory
   * @param busyTimeoutMs how long work waits for other processes to release the file, milliseconds
   * @throws RangeError if the timeout is negative or not a number
   */
  constructor(path: string, busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS) {
    if (!(busyTimeoutMs >= 0)) {
      throw new RangeError(`busyTimeoutMs: got ${busyTimeoutMs}, expected a number of milliseconds from 0`);
    }
    this.#path = resolve(path);
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  /** Closes the file when the work that waits for it is done. Later work is rejected. */
  close(): MaybePromise<void> {
    this.#isClosed = true;
    if (this.#waiting.size === 0) return this.#disconnect();
    return Promise.allSettled(this.#waiting).then(() => this.#disconnect());
  }

  /** Runs `work` at once, or when the file is free. */
  run<T>(work: (connection: SqliteConnection) => T): MaybePromise<T> {
    if (this.#isClosed) return Promise.reject(new StoreError(`The ledger ${this.#path} is closed.`));
    try {
      return this.#attempt(work);
    } catch (error) {
      if (!isBusy(error)) return Promise.reject(toStoreFailure(this.#path, error));
      const result = this.#runWhenFree(work);
      this.#waiting.add(result);
      const forget = (): boolean => this.#waiting.delete(result);
      result.then(forget, forget);
      return result;
    }
  }

  async #runWhenFree<T>(work: (connection: SqliteConnection) => T): Promise<T> {
    const deadline = performance.now() + this.#busyTimeoutMs;
    for (let retries = 0; ; retries += 1) {
      const leftMs = Math.max(0, deadline - performance.now());
      await sleep(Math.min(leftMs, backoffMs(retries, BUSY_RETRY)));
      try {
        return this.#attempt(work);
      } catch (error) {
        if (!isBusy(error)) throw toStoreFailure(this.#path, error);
        if (performance.now() >= deadline) throw lockTimeoutError(this.#path, this.#busyTimeoutMs, error);
      }
    }
  }

  #attempt<T>(work: (connection: SqliteConnection) => T): T {
    try {
      this.#connection ??= new SqliteConnection(this.#path);
      return work(this.#connection);
    } catch (error) {
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
