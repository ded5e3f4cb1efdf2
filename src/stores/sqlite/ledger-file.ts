import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LedgerLostError, StoreError } from '../../budget/index.ts';
import { backoffMs, type MaybePromise } from '../../util/index.ts';
import { SqliteConnection } from './connection.ts';
import { isBusy, keepsFileUsable, lockTimeoutError, toStoreFailure } from './failures.ts';
import { KnownFile } from './known-file.ts';

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
  readonly #known: KnownFile;
  readonly #onLost: ((what: string) => void) | undefined;
  #isLost = false;
  readonly #waiting = new Set<Promise<unknown>>();
  #connection: SqliteConnection | undefined;
  #isClosed = false;

  /**
   * @param path a relative one is resolved now, by the working directory
   * @param busyTimeoutMs how long work waits for other processes to release the file, milliseconds
   * @param onLost called when the file is found not to be what it was
   * @throws RangeError if the timeout is negative or not a number
   */
  constructor(path: string, busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS, onLost?: (what: string) => void) {
    if (!(busyTimeoutMs >= 0)) {
      throw new RangeError(`busyTimeoutMs: got ${busyTimeoutMs}, expected a number of milliseconds from 0`);
    }
    this.#path = resolve(path);
    this.#busyTimeoutMs = busyTimeoutMs;
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
