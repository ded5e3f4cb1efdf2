import { Worker } from 'node:worker_threads';
import type { Amounts } from '../../budget/index.ts';
import { entryModuleUrl, threadArgs, waitForThread } from '../../util/index.ts';

/** What has to be settled before the process ends, and where. */
export interface LastSettlements {
  readonly url: string;
  readonly prefix: string;
  readonly settlements: readonly (readonly [id: string, used: Amounts])[];
  /** How long it may take, milliseconds. */
  readonly timeoutMs: number;
}

/** The data of the thread that settles. */
export interface SettleWorkerData extends LastSettlements {
  /** Tells our preload, which the thread may inherit, that the thread is not the application's. */
  readonly thread: typeof SETTLE_THREAD;
  /** Becomes {@link SETTLED} or {@link FAILED}. */
  readonly done: Int32Array;
}

/** The name of the thread. The preload does nothing in threads whose data has a name with this prefix. */
export const SETTLE_THREAD = 'otel-token-budget settle';

/** The result of a thread that has settled everything. */
export const SETTLED = 1;

/** The result of a thread that could not, or that ended before it had. */
export const FAILED = 2;

/**
 * Settles from another thread while this one is blocked: only for the exit of the process. A thread that ends too soon is
 * not waited for.
 * @returns whether everything is settled
 */
export function settleSync(last: LastSettlements): boolean {
  const done = new Int32Array(new SharedArrayBuffer(4));
  const { NODE_OPTIONS: _, ...env } = process.env;
  const worker = new Worker(entryModuleUrl('stores/redis/settle-worker'), {
    name: SETTLE_THREAD,
    env,
    execArgv: threadArgs(),
    stdout: true,
    stderr: true,
    workerData: { ...last, thread: SETTLE_THREAD, done } satisfies SettleWorkerData,
  });
  // Its answer says whether it failed. Without a listener, an error would end a process that survives its exit.
  worker.on('error', () => undefined);
  worker.unref();
  waitForThread(worker, done, last.timeoutMs);
  return Atomics.load(done, 0) === SETTLED;
}
