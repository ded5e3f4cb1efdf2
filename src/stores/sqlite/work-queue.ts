import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs } from '../../util/index.ts';
import type { SqliteConnection } from './connection.ts';
import { isBusy, keepsFileUsable } from './failures.ts';

/** Work on an open ledger file. */
export type Work<T> = (connection: SqliteConnection) => T;

/** Work that waits for the file. */
interface Waiting {
  readonly work: Work<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** How long it has waited, milliseconds, without the time in which the process was blocked. */
  waitedMs: number;
}

/** What a queue needs of the file. */
export interface QueuedFile {
  /** Runs work now. Throws what SQLite throws if the file is locked. */
  readonly attempt: <T>(work: Work<T>) => T;
  /** Returns the error of work that has waited for too long. */
  readonly toLockTimeout: (cause: unknown) => unknown;
  /** Returns the error of work that failed. */
  readonly toFailure: (error: unknown) => unknown;
}

/** The pauses before a locked file is tried again. */
const RETRY = { firstMs: 2, maxMs: 25 };

/** The same once work has waited for {@link LONG_WAIT_MS}: those that wait long get their turn more often. */
const EAGER_RETRY = { firstMs: 1, maxMs: 5 };
const LONG_WAIT_MS = 1_000;

/** How much later than planned a pause may end before the process counts as blocked, milliseconds. */
const TOLERANCE_MS = 50;

/** How many pieces of work are done in one transaction at most: others wait for the file too. */
const MAX_GROUP = 256;

/**
 * The work of this process that waits for a file that another process has locked: first come, first served,
 * as many at once as are waiting when the file is free.
 */
export class WorkQueue {
  readonly #file: QueuedFile;
  readonly #maxWaitMs: number;
  readonly #waiting: Waiting[] = [];
  #drained: Promise<void> | undefined;

  /** @param maxWaitMs how long work waits before it is rejected, milliseconds */
  constructor(file: QueuedFile, maxWaitMs: number) {
    this.#file = file;
    this.#maxWaitMs = maxWaitMs;
  }

  /** Whether no work is waiting, so that new work may be tried at once. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Resolves when no work is waiting any more. */
  get drained(): Promise<void> {
    return this.#drained ?? Promise.resolve();
  }

  /** Adds work; its result, or the failure, comes when it was done. */
  add<T>(work: Work<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject, waitedMs: 0 });
      this.#drained ??= this.#drain().finally(() => {
        this.#drained = undefined;
      });
    });
  }

  /**
   * Does what is waiting now, in this turn.
   * @throws the error of a file that is still locked; the work stays in the queue
   */
  runNow(): void {
    while (this.#waiting.length > 0) this.#runGroup();
  }

  async #drain(): Promise<void> {
    for (let retries = 0; this.#waiting.length > 0; retries += 1) {
      const isLong = (this.#waiting[0]?.waitedMs ?? 0) > LONG_WAIT_MS;
      const pauseMs = backoffMs(retries, isLong ? EAGER_RETRY : RETRY);
      const from = performance.now();
      await sleep(pauseMs);
      try {
        this.runNow();
      } catch (error) {
        this.#expire(Math.min(performance.now() - from, pauseMs + TOLERANCE_MS), error);
      }
    }
  }

  /** Does the first in the queue in one transaction, each on its own within it. */
  #runGroup(): void {
    const group = this.#waiting.slice(0, MAX_GROUP);
    const results: PromiseSettledResult<unknown>[] = [];
    try {
      this.#file.attempt((connection) =>
        connection.write(() => {
          for (const { work } of group) results.push(attempt(() => work(connection)));
        }),
      );
    } catch (error) {
      if (isBusy(error)) throw error;
      // Nothing was written.
      this.#waiting.splice(0, group.length);
      for (const { reject } of group) reject(this.#file.toFailure(error));
      return;
    }
    this.#waiting.splice(0, group.length);
    for (const [index, { resolve, reject }] of group.entries()) {
      const result = results[index];
      if (result?.status === 'fulfilled') resolve(result.value);
      else reject(this.#file.toFailure(result?.reason));
    }
  }

  /** Counts the time waited, and rejects what has waited for too long. */
  #expire(waitedMs: number, cause: unknown): void {
    for (const one of this.#waiting) one.waitedMs += waitedMs;
    // In the order of the queue, the longest wait is first.
    while ((this.#waiting[0]?.waitedMs ?? 0) >= this.#maxWaitMs)
      this.#waiting.shift()?.reject(this.#file.toLockTimeout(cause));
  }
}

/** Does one of a group. @throws what makes the whole transaction fail */
function attempt<T>(work: () => T): PromiseSettledResult<T> {
  try {
    return { status: 'fulfilled', value: work() };
  } catch (reason) {
    if (!keepsFileUsable(reason)) throw reason;
    return { status: 'rejected', reason };
  }
}
