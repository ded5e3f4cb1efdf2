import { workerData } from 'node:worker_threads';
import { RedisStore } from './redis-store.ts';
import type { SettleWorkerData } from './settle-sync.ts';

const { url, prefix, settlements, timeoutMs, done } = workerData as SettleWorkerData;
try {
  const store = new RedisStore({ url, prefix, timeoutMs });
  await Promise.allSettled(settlements.map(([id, used]) => store.settle(id, used)));
  await store.close();
} finally {
  Atomics.store(done, 0, 1);
  Atomics.notify(done, 0);
}
