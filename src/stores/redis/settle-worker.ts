import { workerData } from 'node:worker_threads';
import { RedisStore } from './redis-store.ts';
import { FAILED, SETTLED, type SettleWorkerData } from './settle-sync.ts';

const { url, prefix, settlements, timeoutMs, done } = workerData as SettleWorkerData;
let result = FAILED;
try {
  const store = new RedisStore({ url, prefix, timeoutMs });
  const settled = await Promise.allSettled(settlements.map(([id, used]) => store.settle(id, used)));
  if (settled.every(({ status }) => status === 'fulfilled')) result = SETTLED;
} finally {
  Atomics.store(done, 0, result);
  Atomics.notify(done, 0);
}
