import { Worker } from 'node:worker_threads';
import { diag } from '@opentelemetry/api';
import {
  entryModuleUrl,
  errorMessage,
  noteThreadRuns,
  threadArgs,
  waitForThread,
  withTimeout,
} from '../../util/index.ts';
import type { Signal } from '../environment/index.ts';
import { EXPORT_FAILED, EXPORT_SUCCESS, type ExportResult } from './export-result.ts';
import { EXPORTER_THREAD, type ExportMessage, FLUSHED, type WorkerData } from './worker-data.ts';

/** Maximum number of pending exports of a signal. More fail, as they would in the exporters themselves. */
const MAX_PENDING = 30;

/** How long a flush may take, milliseconds, as in the SDK. */
const FLUSH_MS = 30_000;

type ExportCallback = (result: ExportResult) => void;

/**
 * The channel to the worker thread that sends telemetry. The thread is started by the first export, and never
 * keeps the process alive.
 */
export class ExportChannel {
  readonly #pending = new Map<number, { signal: Signal; done: ExportCallback }>();
  readonly #flushed = new Int32Array(new SharedArrayBuffer(4));
  readonly #flushes = new Map<number, () => void>();
  #worker: Worker | undefined;
  #broken = false;
  #lastId = 0;
  readonly #onProblem: ((problem: string) => void) | undefined;

  /** @param onProblem called with a sentence for people when telemetry is lost because the thread has ended */
  constructor(onProblem?: (problem: string) => void) {
    this.#onProblem = onProblem;
  }

  /** Sends items to the worker thread; calls `done` with the result. */
  export(signal: Signal, items: unknown, done: ExportCallback): void {
    const worker = this.pendingCount(signal) < MAX_PENDING ? this.#start() : undefined;
    if (worker === undefined) {
      done({ code: EXPORT_FAILED, error: new Error('failed to send telemetry: too many pending exports') });
      return;
    }
    this.#lastId += 1;
    this.#pending.set(this.#lastId, { signal, done });
    try {
      worker.postMessage({ id: this.#lastId, signal, items } satisfies ExportMessage);
    } catch (error) {
      this.#pending.delete(this.#lastId);
      done({ code: EXPORT_FAILED, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  /** Returns the number of pending exports of a signal. */
  pendingCount(signal: Signal): number {
    let count = 0;
    for (const pending of this.#pending.values()) if (pending.signal === signal) count += 1;
    return count;
  }

  /**
   * Resolves when every export of a signal that is pending now has a result: whether all of them were accepted;
   * undefined if none is pending.
   */
  async whenSent(signal: Signal): Promise<boolean | undefined> {
    const results = [...this.#pending.values()].flatMap((pending) => {
      if (pending.signal !== signal) return [];
      return new Promise<boolean>((resolve) => {
        const { done } = pending;
        pending.done = (result) => {
          done(result);
          resolve(result.code === EXPORT_SUCCESS);
        };
      });
    });
    return results.length === 0 ? undefined : (await Promise.all(results)).every(Boolean);
  }

  /** Whether any export is pending. */
  get hasPending(): boolean {
    return this.#pending.size > 0;
  }

  /**
   * Resolves when what was handed over is sent, or no Collector accepts it, after 30 s at most. Keeps the process
   * alive meanwhile, since whoever flushes waits for it.
   */
  async flush(signal: Signal): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined || this.pendingCount(signal) === 0) return;
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<void>((resolve) => this.#flushes.set(id, resolve));
    worker.postMessage({ flush: [signal], id } satisfies ExportMessage);
    const late = (): Error => new Error(`telemetry was not sent within ${FLUSH_MS} ms`);
    try {
      await withTimeout(answer, FLUSH_MS, late);
    } finally {
      this.#flushes.delete(id);
    }
  }

  /**
   * Blocks until everything is sent or the thread has ended, for at most `timeoutMs`. To be called only at the exit of the
   * process.
   */
  flushSync(timeoutMs: number): void {
    if (this.#worker === undefined || !this.hasPending || timeoutMs === 0) return;
    Atomics.store(this.#flushed, 0, 0);
    const signals = [...new Set([...this.#pending.values()].map(({ signal }) => signal))];
    this.#worker.postMessage({ flush: signals } satisfies ExportMessage);
    const wait = waitForThread(this.#worker, this.#flushed, timeoutMs);
    const isLost = wait === 'answered' ? Atomics.load(this.#flushed, 0) !== FLUSHED : wait === 'ended';
    if (isLost) this.#fail('the export thread ended, and the last telemetry is lost');
  }

  #start(): Worker | undefined {
    if (this.#worker !== undefined || this.#broken) return this.#worker;
    try {
      this.#worker = this.#spawn();
    } catch (error) {
      this.#fail(`the export thread does not start (${errorMessage(error)}), and no telemetry is sent`);
    }
    return this.#worker;
  }

  #spawn(): Worker {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const worker = new Worker(entryModuleUrl('telemetry/export/export-worker'), {
      name: EXPORTER_THREAD,
      env,
      execArgv: threadArgs(),
      workerData: { thread: EXPORTER_THREAD, flushed: this.#flushed } satisfies WorkerData,
    });
    worker.on('message', ({ id, code }: { id: number; code: number }) => {
      noteThreadRuns(worker);
      this.#flushes.get(id)?.();
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      pending?.done({ code: code === EXPORT_SUCCESS ? EXPORT_SUCCESS : EXPORT_FAILED });
    });
    worker.on('error', (error) => this.#fail(endOfThread(errorMessage(error))));
    worker.on('exit', (code) => this.#fail(endOfThread(`exit code ${code}`)));
    worker.unref();
    return worker;
  }

  /** A thread that has ended is not restarted: telemetry stops, and the application continues. */
  #fail(problem: string): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#worker = undefined;
    if (this.#onProblem === undefined) diag.error(`otel-token-budget: ${problem}`);
    else this.#onProblem(problem);
    for (const { done } of this.#pending.values()) done({ code: EXPORT_FAILED });
    this.#pending.clear();
    for (const resolve of this.#flushes.values()) resolve();
  }
}

function endOfThread(why: string): string {
  return `the export thread ended (${why}), and no more telemetry is sent`;
}
