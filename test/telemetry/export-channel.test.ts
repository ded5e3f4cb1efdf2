import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { ExportChannel } from '../../src/telemetry/export/worker-channel.ts';
import { eventually } from '../support/eventually.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';

/** Longer than any of the waits takes, and than the tests may. */
const TIMEOUT_MS = 60_000;

/** A log record, as it is passed to the thread. */
const RECORD = {
  hrTime: [1, 0],
  hrTimeObserved: [1, 0],
  body: 'x',
  attributes: {},
  droppedAttributesCount: 0,
  resource: { attributes: {} },
  instrumentationScope: { name: 'test' },
};

/** A channel with a pending export that no Collector answers, and its thread. */
async function startChannel(): Promise<{
  channel: ExportChannel;
  worker: Worker;
  problems: string[];
  done: Promise<number>;
  close: () => Promise<void>;
}> {
  const otlp = await startOtlpReceiver({ hang: true });
  Object.assign(process.env, otlp.env);
  const problems: string[] = [];
  const channel = new ExportChannel((problem) => problems.push(problem));
  const created = once(process, 'worker') as Promise<[Worker]>;
  const done = new Promise<number>((resolve) => {
    channel.export('LOGS', [RECORD], ({ code }) => resolve(code));
  });
  const [worker] = await created;
  await once(worker, 'message');
  // Its event loop runs by then.
  await eventually('the Collector is asked', () => otlp.posts.length > 0, 10_000);
  worker.emit('message', { id: -1, code: 0 });
  return { channel, worker, problems, done, close: otlp.close };
}

describe('the end of the export thread', { timeout: TIMEOUT_MS }, () => {
  test('fails what is pending, and is reported once', async () => {
    const { channel, worker, problems, done, close } = await startChannel();
    await worker.terminate();
    assert.equal(await done, 1);
    assert.equal(channel.hasPending, false);
    const again = new Promise((resolve) => channel.export('LOGS', [], resolve));
    assert.equal(((await again) as { code: number }).code, 1);
    channel.flushSync(TIMEOUT_MS);
    assert.deepEqual(problems, ['the export thread ended (exit code 1), and no more telemetry is sent']);
    await close();
  });

  test('releases a flush that waits for it', async () => {
    const { channel, worker, problems, done, close } = await startChannel();
    void worker.terminate();
    const started = performance.now();
    channel.flushSync(TIMEOUT_MS);
    assert.ok(performance.now() - started < TIMEOUT_MS / 2);
    assert.equal(await done, 1);
    assert.deepEqual(problems, ['the export thread ended, and the last telemetry is lost']);
    await close();
  });
});
