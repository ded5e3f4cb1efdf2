import { resolve } from 'node:path';
import { StoreError } from '../../budget/index.ts';
import type { MaybePromise } from '../../util/index.ts';
import { pauseBefore } from './busy-wait.ts';
import { SqliteConnection } from './connection.ts';
import { failureOf, isBusy, leavesFileUsable, lockedFor } from './failures.ts';

const DEFAULT_BUSY_TIMEOUT_MS = 5_000;

/**
 * A ledger's file, opened when it is first used. Work on it is answered at once where the file is free, and with a promise where
 * another process holds it: the event loop goes on meanwhile. What fails is a rejected promise, never thrown.
 */
export class LedgerFile {
  readonly #path: string;
  readonly #busyTimeoutMs: number;
  readonly #waiting = new Set<Promise<unknown>>();
  #connection: SqliteConnection | undefined;
  #closed = false;

  /**
   * @param path a relative one is of the working directory of now
   * @param busyTimeoutMs how long work waits for other processes to let go of the file, milliseconds
   * @throws RangeError where the timeout is not a number from 0
   */
  constructor(path: string, busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS) {
    if (!(busyTimeoutMs >= 0)) {
      throw new RangeError(`a timeout is a number of milliseconds from 0; given: ${busyTimeoutMs}`);
    }
    this.#path = resolve(path);
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  /** Lets go of the file once the work that waits for it is done. Work after it is rejected. */
  close(): MaybePromise<void> {
    this.#closed = true;
    if (this.#waiting.size === 0) return this.#disconnect();
    return Promise.allSettled(this.#waiting).then(() => this.#disconnect());
  }

  /** What `work` answers, at once or when the file is free. */
  answer<T>(work: (connection: SqliteConnection) => T): MaybePromise<T> {
    if (this.#closed) return Promise.reject(new StoreError(`The ledger ${this.#path} is closed.`));
    try {
      return this.#attempt(work);
    } catch (error) {
      if (!isBusy(error)) return Promise.reject(failureOf(this.#path, error));
      const answer = this.#answerLater(work);
      this.#waiting.add(answer);
      const forget = (): boolean => this.#waiting.delete(answer);
      answer.then(forget, forget);
      return answer;
    }
  }

  async #answerLater<T>(work: (connection: SqliteConnection) => T): Promise<T> {
    const deadline = performance.now() + this.#busyTimeoutMs;
    for (let attempts = 1; ; attempts += 1) {
      await pauseBefore(attempts, deadline);
      try {
        return this.#attempt(work);
      } catch (error) {
        if (!isBusy(error)) throw failureOf(this.#path, error);
        if (performance.now() >= deadline) throw lockedFor(this.#path, this.#busyTimeoutMs, error);
      }
    }
  }

  #attempt<T>(work: (connection: SqliteConnection) => T): T {
    try {
      this.#connection ??= new SqliteConnection(this.#path);
      return work(this.#connection);
    } catch (error) {
      // A StoreError from within says that another file has this name now.
      if (error instanceof StoreError || !leavesFileUsable(error)) this.#disconnect();
      throw error;
    }
  }

  #disconnect(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}
