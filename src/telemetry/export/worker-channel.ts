import { Worker } from 'node:worker_threads';
import { diag } from '@opentelemetry/api';
import { entryModuleUrl } from '../../util/index.ts';
import type { Signal } from '../environment/index.ts';

/** What goes to the thread that sends: items to export, or the request to say when all is sent. */
export type ExportMessage =
  | { readonly id: number; readonly signal: Signal; readonly items: unknown }
  | { readonly flush: readonly Signal[] };

export interface WorkerData {
  /** Tells our preload, which the thread inherits, that this is no thread of the application's. */
  readonly thread: typeof EXPORTER_THREAD;
  /** Becomes 1 when a flush is done. */
  readonly flushed: Int32Array;
}

/** Its name; the preload does nothing in threads whose data has one that begins so. */
export const EXPORTER_THREAD = 'otel-token-budget exporter';

/**
 * The most exports of a signal that may be under way; one more fails, as it would in the exporters
 * themselves.
 */
const MAX_PENDING = 30;

type Done = (result: { code: number; error?: Error }) => void;

export const EXPORT_SUCCESS = 0;
const FAILED = 1;

/**
 * The way to the thread that sends telemetry. The thread is started on the first export and never holds the
 * process.
 */
export class ExportChannel {
  readonly #pending = new Map<number, { signal: Signal; done: Done }>();
  readonly #flushed = new Int32Array(new SharedArrayBuffer(4));
  #worker: Worker | undefined;
  #broken = false;
  #lastId = 0;

  /** Sends items over; `done` is called with the outcome. */
  export(signal: Signal, items: unknown, done: Done): void {
    const worker = this.pendingCount(signal) < MAX_PENDING ? this.#start() : undefined;
    if (worker === undefined) {
      done({ code: FAILED, error: new Error('telemetry cannot be sent: too many exports are under way') });
      return;
    }
    this.#lastId += 1;
    this.#pending.set(this.#lastId, { signal, done });
    try {
      worker.postMessage({ id: this.#lastId, signal, items } satisfies ExportMessage);
    } catch (error) {
      this.#pending.delete(this.#lastId);
      done({ code: FAILED, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  /** How many exports of a signal are under way. */
  pendingCount(signal: Signal): number {
    let count = 0;
    for (const pending of this.#pending.values()) if (pending.signal === signal) count += 1;
    return count;
  }

  /** Whether exports are under way. */
  get hasPending(): boolean {
    return this.#pending.size > 0;
  }

  /**
   * Blocks until everything is sent, for at most that many milliseconds: for the exit of the process, no
   * other time.
   */
  flushSync(timeoutMs: number): void {
    if (this.#worker === undefined || !this.hasPending || timeoutMs === 0) return;
    Atomics.store(this.#flushed, 0, 0);
    const signals = [...new Set([...this.#pending.values()].map(({ signal }) => signal))];
    this.#worker.postMessage({ flush: signals } satisfies ExportMessage);
    Atomics.wait(this.#flushed, 0, 0, timeoutMs);
  }

  /** Starts the thread ahead of the first export. */
  startWorker(): void {
    this.#start();
  }

  #start(): Worker | undefined {
    if (this.#worker !== undefined || this.#broken) return this.#worker;
    try {
      this.#worker = this.#spawn();
    } catch (error) {
      this.#fail(error);
    }
    return this.#worker;
  }

  #spawn(): Worker {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const worker = new Worker(entryModuleUrl('telemetry/export/export-worker'), {
      name: EXPORTER_THREAD,
      env,
      execArgv: [],
      workerData: { thread: EXPORTER_THREAD, flushed: this.#flushed } satisfies WorkerData,
    });
    worker.on('message', ({ id, code }: { id: number; code: number }) => {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      pending?.done({ code: code === EXPORT_SUCCESS ? EXPORT_SUCCESS : FAILED });
    });
    worker.on('error', (error) => this.#fail(error));
    worker.unref();
    return worker;
  }

  /** A thread that broke is not started again: telemetry stops, the application goes on. */
  #fail(error: unknown): void {
    this.#broken = true;
    this.#worker = undefined;
    diag.error('otel-token-budget: the thread that sends telemetry failed', error);
    for (const { done } of this.#pending.values()) done({ code: FAILED });
    this.#pending.clear();
  }
}
