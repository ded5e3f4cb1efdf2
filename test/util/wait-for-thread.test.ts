import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { noteThreadRuns, type ThreadWait, waitForThread } from '../../src/util/index.ts';

/** Longer than any of the waits takes, and than the test may. */
const TIMEOUT_MS = 60_000;

/** What the thread does a moment after it is waited for, and how the wait ends. */
const STORIES: readonly (readonly [does: string, code: string, end: ThreadWait])[] = [
  ['answers', 'Atomics.store(answer, 0, 5); Atomics.notify(answer, 0);', 'answered'],
  ['answers and exits', 'Atomics.store(answer, 0, 5); process.exit(0);', 'answered'],
  ['exits', 'process.exit(3);', 'ended'],
  ['fails', `throw new Error('boom');`, 'ended'],
  ['runs out of memory', 'const all = []; for (;;) all.push(new Array(10_000).fill({}));', 'ended'],
  ['ends by itself', 'parentPort.close();', 'ended'],
];

describe('a thread that is waited for', { timeout: TIMEOUT_MS }, () => {
  for (const [does, code, end] of STORIES) {
    test(does, async () => {
      const { worker, answer } = await startThread(code);
      const started = performance.now();
      worker.postMessage('go');
      assert.equal(waitForThread(worker, answer, TIMEOUT_MS), end);
      assert.ok(performance.now() - started < TIMEOUT_MS / 2);
      await worker.terminate();
    });
  }

  test('is terminated', async () => {
    const { worker, answer } = await startThread('');
    const terminated = worker.terminate();
    assert.equal(waitForThread(worker, answer, TIMEOUT_MS), 'ended');
    await terminated;
    assert.equal(waitForThread(worker, answer, 50), 'timed out');
  });

  test('does nothing until the time is over', async () => {
    const { worker, answer } = await startThread('');
    assert.equal(waitForThread(worker, answer, 50), 'timed out');
    assert.equal(waitForThread(worker, answer, 0), 'timed out');
    await worker.terminate();
  });
});

async function startThread(code: string): Promise<{ worker: Worker; answer: Int32Array }> {
  const answer = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(
    `const { parentPort, workerData: answer } = require('node:worker_threads');
     parentPort.on('message', () => setTimeout(() => { ${code} }, 50));
     setImmediate(() => parentPort.postMessage('ready'));`,
    { eval: true, workerData: answer, resourceLimits: { maxOldGenerationSizeMb: 20 } },
  );
  worker.on('error', () => undefined);
  await once(worker, 'message');
  noteThreadRuns(worker);
  return { worker, answer };
}
