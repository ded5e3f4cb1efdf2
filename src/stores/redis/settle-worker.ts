import { workerData } from 'node:worker_threads';
import { FAILED, SETTLED, type SettleWorkerData } from './settle-sync.ts';

const { url, prefix, settlements, timeoutMs, done } = workerData as SettleWorkerData;

/** Releases the thread that waits. The first result counts. */
function finish(result: number): void {
  Atomics.compareExchange(done, 0, 0, result);
  Atomics.notify(done, 0);
}

// Before anything that may fail: whoever waits does not see an event of this thread.
process.on('exit', () => finish(FAILED));
const { RedisStore } = await import('./redis-store.ts');
const store = new RedisStore({ url, prefix, timeoutMs });
const settled = await Promise.allSettled(settlements.map(([id, used]) => store.settle(id, used)));
finish(settled.every(({ status }) => status === 'fulfilled') ? SETTLED : FAILED);
