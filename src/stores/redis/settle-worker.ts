import { workerData } from 'node:worker_threads';
import { RedisStore } from './redis-store.ts';
import { FAILED, SETTLED, type SettleWorkerData } from './settle-sync.ts';

const { url, prefix, settlements, timeoutMs, done } = workerData as SettleWorkerData;

const finish = (result: number): void => {
  // The first result counts.
  Atomics.compareExchange(done, 0, 0, result);
  Atomics.notify(done, 0);
};
// Whoever waits does not see an event of this thread.
process.on('exit', () => finish(FAILED));
const store = new RedisStore({ url, prefix, timeoutMs });
const settled = await Promise.allSettled(settlements.map(([id, used]) => store.settle(id, used)));
finish(settled.every(({ status }) => status === 'fulfilled') ? SETTLED : FAILED);
