import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { type BatchOptions, ForwardingBatch } from '../../src/telemetry/export/worker-batch.ts';
import type { ExportChannel } from '../../src/telemetry/export/worker-channel.ts';

interface Item {
  readonly n: number;
  readonly resource: { asyncAttributesPending?: boolean; waitForAsyncAttributes?(): Promise<void> };
}

/** A batch, what it has handed over, and the ends of what is under way. */
function setUp(options: BatchOptions = {}, resource: Item['resource'] = {}) {
  const sent: number[][] = [];
  const ends: (() => void)[] = [];
  const channel = {
    export: (_signal: string, items: number[], done: () => void) => {
      sent.push(items);
      ends.push(done);
    },
  } as unknown as ExportChannel;
  const numbers = (items: readonly Item[]): number[] => items.map(({ n }) => n);
  const batch = new ForwardingBatch<Item>(channel, 'LOGS', numbers, 1_000, options);
  let n = 0;
  const add = (count: number): void => {
    for (let i = 0; i < count; i += 1) batch.add({ n: n++, resource });
  };
  return { batch, add, sent, end: () => ends.shift()?.() };
}

describe('a batch', () => {
  it('is sent when it is full, else after the delay', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { add, sent, end } = setUp({ maxExportBatchSize: 2 });
    add(2);
    assert.deepEqual(sent, [[0, 1]]);
    end();
    add(1);
    assert.equal(sent.length, 1);
    t.mock.timers.tick(1_000);
    assert.deepEqual(sent[1], [2]);
  });

  it('waits for the one before it, and takes what came meanwhile along', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { add, sent, end } = setUp();
    add(1);
    t.mock.timers.tick(1_000);
    add(1);
    t.mock.timers.tick(60_000);
    add(1);
    t.mock.timers.tick(60_000);
    assert.deepEqual(sent, [[0]]);
    end();
    t.mock.timers.tick(1_000);
    assert.deepEqual(sent, [[0], [1, 2]]);
  });

  it('drops what comes while the queue is full', () => {
    const { batch, add, sent } = setUp({ maxQueueSize: 4, maxExportBatchSize: 2 });
    add(9);
    batch.flush();
    assert.deepEqual(sent, [
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
  });

  it('hands over everything at a flush, whatever is under way', () => {
    const { batch, add, sent } = setUp({ maxExportBatchSize: 2 });
    add(5);
    batch.flush();
    assert.deepEqual(sent, [[0, 1], [2, 3], [4]]);
  });

  it('waits for a resource that is still read, but not at a flush', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const resource = { asyncAttributesPending: true, waitForAsyncAttributes: mock.fn(async () => undefined) };
    const { batch, add, sent } = setUp({}, resource);
    add(1);
    t.mock.timers.tick(1_000);
    assert.deepEqual(sent, []);
    resource.asyncAttributesPending = false;
    await new Promise(setImmediate);
    t.mock.timers.tick(1_000);
    assert.deepEqual(sent, [[0]]);
    resource.asyncAttributesPending = true;
    add(1);
    batch.flush();
    assert.deepEqual(sent, [[0], [1]]);
  });
});
