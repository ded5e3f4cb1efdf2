import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  type Admission,
  type BudgetDefinition,
  defineBudget,
  NOTHING,
  type ReserveRequest,
} from '../../../src/budget/index.ts';
import { LocalQuotaStore } from '../../../src/stores/local-quota/index.ts';
import { MemoryStore } from '../../../src/stores/memory-store.ts';
import { isPromise, type MaybePromise } from '../../../src/util/index.ts';

const job = defineBudget({ name: 'job', limits: { tokens: 100_000 } });

function request(id: string): ReserveRequest {
  const fixed = { costNanoUsd: 7, tokens: 10, calls: 1 };
  return { id, leaseMs: 60_000, fixed, outputPicoUsd: 0, choices: 1, outputCap: 50, capped: true };
}

const USED = { costNanoUsd: 7, tokens: 5, calls: 1 };

/** A memory store whose answers to the reserves of quotas wait for `answer`. */
class Remote extends MemoryStore {
  answer: Promise<void> | undefined;

  now(): number {
    return Date.now();
  }

  override reserve(chain: readonly BudgetDefinition[], asked: ReserveRequest): Admission {
    const admission = super.reserve(chain, asked);
    if (this.answer === undefined || !asked.id.startsWith('quota:')) return admission;
    return this.answer.then(() => admission) as unknown as Admission;
  }
}

function open() {
  const remote = new Remote();
  const store = new LocalQuotaStore(remote, { maintenanceIntervalMs: 0, prefetchCalls: 64, pauseMs: 0 });
  const call = async (id: string): Promise<void> => {
    assert.ok((await store.reserve([job], request(id))).admitted);
    await store.settle(id, USED);
  };
  return { remote, store, call };
}

function isLocal(value: MaybePromise<unknown>): boolean {
  return !isPromise(value);
}

describe('a local quota store in a process that survives its exit', () => {
  it('charges what is open, and reserves new quotas for later calls', async () => {
    const { remote, store, call } = open();
    for (const id of ['a', 'b', 'c']) {
      await call(id);
      await turn();
    }
    assert.ok(isLocal(store.reserve([job], request('open'))));
    assert.equal(store.settleAtExit(0), true);
    assert.deepEqual([remote.balances(job).open, remote.balances(job).settled.tokens], [0, 3 * 5 + 60]);
    // Its call is charged already.
    assert.equal(await store.settle('open', USED), false);
    for (const id of ['d', 'e', 'f']) {
      await call(id);
      await turn();
    }
    const last = store.reserve([job], request('last'));
    assert.ok(isLocal(last));
    await store.settle('last', USED);
    store.settleAtExit(0);
    const { settled, reserved, open: stillOpen } = remote.balances(job);
    assert.deepEqual([settled.tokens, reserved, stillOpen], [3 * 5 + 60 + 4 * 5, NOTHING, 0]);
  });

  it('spends nothing from a quota that it has released while that was being reserved', async () => {
    const { remote, store, call } = open();
    const { promise, resolve } = Promise.withResolvers<void>();
    remote.answer = promise;
    await call('a');
    await call('b');
    await turn();
    assert.ok(remote.balances(job).open > 0, 'a quota is reserved');
    store.settleAtExit(0);
    assert.equal(remote.balances(job).open, 0);
    resolve();
    await turn();
    assert.equal(isLocal(store.reserve([job], request('c'))), false);
  });
});

describe('a local quota store in a process that was asked to end', () => {
  it('returns a quota as soon as its last call ends', async () => {
    const { remote, store, call } = open();
    for (const id of ['a', 'b', 'c']) {
      await call(id);
      await turn();
    }
    assert.ok(isLocal(store.reserve([job], request('open'))));
    await store.returnUnused();
    assert.equal(remote.balances(job).open, 1);
    await store.settle('open', USED);
    await turn();
    const { settled, reserved } = remote.balances(job);
    assert.deepEqual([settled.tokens, reserved], [4 * 5, NOTHING]);
  });
});
