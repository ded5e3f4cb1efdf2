import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { StoreError, TokenBudgetTracker } from '../../src/budget/index.ts';
import { ResilientStore } from '../../src/stores/resilient-store.ts';
import { reserveOf } from '../budget/helpers.ts';
import { chain, FakeStore, flush, job, request, resilient, used } from './fake-store.ts';

describe('a pending write to an unavailable store', () => {
  it('is retried once a second', async (test) => {
    const { fake, store, pass } = resilient(test);
    fake.how = 'fails';
    fake.most = 200;
    await store.charge(chain, used(5));
    await pass(3_100);
    const tries = fake.count('chargeOnce');
    assert.ok(tries >= 3 && tries <= 5, `${tries} times in 3 seconds`);
  });

  it('is not written twice if it was written late', async (test) => {
    const { fake, store, pass, ledger, late } = resilient(test);
    fake.how = 'hangs';
    await late(store.charge(chain, used(5)));
    await fake.resume();
    await pass(3_100);
    assert.deepEqual(ledger(), [5, 0, 5, 0]);
  });

  it('has the amounts of the first settlement', async (test) => {
    const { fake, store, pass, ledger } = resilient(test);
    const one = request();
    await store.reserve(chain, one);
    fake.how = 'fails';
    assert.equal(await store.settle(one.id, used(70)), true);
    assert.equal(await store.release(one.id), false);
    fake.how = 'well';
    await pass(1_100);
    assert.deepEqual(ledger(), [70, 0, 70, 0]);
  });
});

describe('a tracker over an unavailable store', () => {
  it('settles and charges without an error, and writes when the store is available again', async (test) => {
    const { fake, store, pass, ledger } = resilient(test);
    fake.how = 'fails';
    const tracker = new TokenBudgetTracker(job, { store });
    await flush();
    const one = reserveOf();
    assert.equal((await tracker.reserve(one)).admitted, true);
    assert.equal(await tracker.settle(one.id, used(70)), true);
    await tracker.charge(used(5));
    await assert.rejects(async () => tracker.status(), StoreError);
    fake.how = 'well';
    await pass(1_100);
    assert.deepEqual(ledger(), [75, 0, 75, 0]);
  });

  it('is created, even if the store throws at once', async () => {
    const fake = new FakeStore();
    fake.how = 'throws';
    let changes = 0;
    const store = new ResilientStore(fake.store, {
      failurePolicy: 'open',
      waitMs: 250,
      journalDirectory: join(tmpdir(), 'never-written'),
      onChange: () => {
        changes += 1;
      },
    });
    assert.doesNotThrow(() => new TokenBudgetTracker(job, { store }));
    await flush();
    assert.equal(changes, 1);
  });
});
