import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  StoreError,
  StoreSetupError,
  StoreUnavailableError,
  worstCaseAmounts,
} from '../../src/budget/index.ts';
import { amounts } from '../budget/helpers.ts';
import { chain, flush, job, request, resilient, used } from './fake-store.ts';

describe('an available store', () => {
  it('is called directly', async (test) => {
    const { fake, store, changes, ledger } = resilient(test);
    const one = request();
    assert.partialDeepStrictEqual(await store.reserve(chain, one), { admitted: true, outputCap: 100 });
    assert.equal(await store.grow(chain, one.id, amounts({ tokens: 10 })), true);
    assert.equal(await store.grow(chain, one.id, amounts({ tokens: 1_000 })), false);
    assert.equal((await store.balances(job)).reserved.tokens, 110);
    await store.heartbeat([one.id], 1_000);
    assert.equal(await store.settle(one.id, used(60)), true);
    assert.equal(await store.settle(one.id, used(60)), false);
    assert.equal(await store.release(one.id), false);
    await store.charge(chain, used(5));
    assert.equal((await store.reserve(chain, request(2_000))).admitted, true);
    assert.deepEqual([ledger(), changes], [[65, 1, 65, 1], []]);
    await store.close();
    assert.equal(fake.count('close'), 1);
  });
});

describe('an unavailable store with the policy open', () => {
  it('does not stop calls, which are charged once when it is available again', async (test) => {
    const { fake, store, pass, ledger } = resilient(test);
    fake.how = 'fails';
    const [one, two] = [request(9_999), request()];
    // Its worst case: if it is cut, that is what it is charged.
    assert.deepEqual(await store.reserve(chain, one), {
      admitted: true,
      outputCap: 9_999,
      reserved: worstCaseAmounts(one, 9_999),
    });
    await store.reserve(chain, two);
    assert.equal(await store.grow(chain, one.id, used(5)), true);
    assert.equal(await store.settle(one.id, used(70)), true);
    assert.equal(await store.settle(two.id, used(7)), true);
    await store.charge(chain, used(3));
    assert.deepEqual(ledger(), [0, 0, 0, 0]);
    fake.how = 'well';
    await pass(1_100);
    assert.deepEqual(ledger(), [80, 0, 80, 0]);
    await pass(5_000);
    await store.close();
    assert.deepEqual(ledger(), [80, 0, 80, 0]);
    assert.equal(await store.settle(one.id, used(70)), false);
  });

  it('lets a call that it does not know be transferred, and no other', async (test) => {
    const { fake, store, pass, ledger } = resilient(test);
    const known = request();
    await store.reserve(chain, known);
    fake.how = 'fails';
    const unknown = request();
    await store.reserve(chain, unknown);
    assert.equal(await store.transfer(unknown.id, 'batch_1', 60_000), true);
    assert.equal(await store.transfer(known.id, 'batch_2', 60_000), false);
    assert.equal(await store.settle('batch_1', used(7)), true);
    assert.equal(await store.settle(known.id, used(50)), true);
    fake.how = 'well';
    await pass(1_100);
    assert.deepEqual(ledger(), [57, 0, 57, 0]);
  });

  it('is written to as soon as a call finds it available', async (test) => {
    const { fake, store, pass, ledger, changes } = resilient(test);
    fake.how = 'fails';
    await store.reserve(chain, request());
    fake.how = 'well';
    const one = request();
    await store.reserve(chain, one);
    fake.how = 'fails';
    await store.settle(one.id, used(9));
    fake.how = 'well';
    await store.balances(job);
    await pass(1_100);
    assert.deepEqual(ledger(), [9, 0, 9, 0]);
    assert.deepEqual(changes, ['unavailable: failed', 'available', 'unavailable: failed', 'available']);
  });

  it('gets no write for a call that spent nothing', async (test) => {
    const { fake, store, pass } = resilient(test);
    fake.how = 'fails';
    const one = request();
    await store.reserve(chain, one);
    assert.equal(await store.release(one.id), true);
    fake.how = 'well';
    await pass(2_000);
    assert.equal(fake.count('chargeOnce'), 0);
  });

  it('is awaited no longer than the timeout', async (test) => {
    const { fake, store, late, changes } = resilient(test);
    fake.how = 'hangs';
    assert.equal((await late(store.reserve(chain, request()))).admitted, true);
    assert.deepEqual(changes, ['unavailable: the store did not answer within 250 ms']);
  });

  it('does not report its balances', async (test) => {
    const { fake, store } = resilient(test);
    fake.how = 'fails';
    await assert.rejects(async () => store.balances(job), StoreError);
    await assert.rejects(async () => store.heartbeat(['a'], 5), StoreError);
  });

  it('may throw at once', async (test) => {
    const { fake, store, pass, ledger } = resilient(test);
    fake.how = 'throws';
    const one = request();
    assert.equal((await store.reserve(chain, one)).admitted, true);
    await store.settle(one.id, used(4));
    await store.charge(chain, used(1));
    fake.how = 'well';
    await pass(1_100);
    assert.deepEqual(ledger(), [5, 0, 5, 0]);
  });
});

describe('an unavailable store with the policy closed', () => {
  it('has calls denied', async (test) => {
    const { fake, store, ledger } = resilient(test, 'closed');
    fake.how = 'fails';
    await assert.rejects(
      async () => store.reserve(chain, request()),
      (error) => {
        assert.ok(error instanceof StoreUnavailableError);
        assert.deepEqual(
          [error.code, error.status, error.budget],
          ['token_budget_store_unavailable', 402, 'job'],
        );
        assert.ok(error.cause instanceof StoreError);
        assert.match(error.message, /"job" is unavailable, so the call was not sent.*"failurePolicy"/);
        assert.ok(!error.message.includes('\n'));
        return true;
      },
    );
    assert.deepEqual(ledger(), [0, 0, 0, 0]);
  });

  it('pays for no more than is reserved, and is settled when it is available again', async (test) => {
    const { fake, store, pass, ledger } = resilient(test, 'closed');
    const one = request();
    await store.reserve(chain, one);
    fake.how = 'fails';
    assert.equal(await store.grow(chain, one.id, used(5)), false);
    assert.equal(await store.settle(one.id, used(70)), true);
    await store.charge(chain, used(2));
    fake.how = 'well';
    await pass(1_100);
    assert.deepEqual(ledger(), [72, 0, 72, 0]);
  });
});

describe('a write whose result is not known', () => {
  it('is repeated until it succeeds, and takes effect once', async (test) => {
    const { fake, store, pass, ledger } = resilient(test);
    const one = request();
    await store.reserve(chain, one);
    fake.how = 'fails';
    assert.equal(await store.settle(one.id, used(70)), true);
    await pass(3_200);
    assert.deepEqual(ledger(), [0, 1, 0, 1]);
    assert.ok(fake.count('settle') >= 3, `${fake.count('settle')}`);
    fake.how = 'well';
    await pass(1_100);
    const tries = fake.count('settle');
    await pass(3_000);
    assert.deepEqual([ledger(), fake.count('settle')], [[70, 0, 70, 0], tries]);
  });

  it('may have succeeded in time', async (test) => {
    const { fake, store, pass, ledger, late } = resilient(test);
    const one = request();
    await store.reserve(chain, one);
    fake.how = 'hangs';
    assert.equal(await late(store.settle(one.id, used(70))), true);
    await fake.resume();
    await pass(2_100);
    assert.deepEqual(ledger(), [70, 0, 70, 0]);
  });

  for (const failurePolicy of ['open', 'closed'] as const) {
    it(`is released if it was reserved too late: ${failurePolicy}`, async (test) => {
      const { fake, store, ledger, late } = resilient(test, failurePolicy);
      fake.how = 'hangs';
      const answer = late(store.reserve(chain, request()));
      if (failurePolicy === 'closed') await assert.rejects(answer, StoreUnavailableError);
      else assert.equal((await answer).admitted, true);
      await fake.resume();
      assert.deepEqual([ledger(), fake.count('release')], [[0, 0, 0, 0], 1]);
    });
  }

  it('is kept for any number of calls', async (test) => {
    const { fake, store, pass } = resilient(test);
    fake.how = 'fails';
    await Promise.all(Array.from({ length: 10_050 }, (_, n) => store.settle(`call ${n}`, used(1))));
    fake.how = 'well';
    await pass(1_100);
    for (let n = 0; n < 2_000 && fake.settled.size < 10_050; n += 1) await flush();
    await pass(3_000);
    assert.equal(fake.settled.size, 10_050);
  });
});

describe('a store whose set-up is wrong', () => {
  const wrong = new StoreSetupError('there is no directory', 'a file in an existing directory');

  for (const failurePolicy of ['open', 'closed'] as const) {
    it(`has calls denied with its own error, until it has answered: ${failurePolicy}`, async (test) => {
      const { fake, store, setupErrors, changes } = resilient(test, failurePolicy);
      fake.how = 'fails';
      fake.error = wrong;
      for (let call = 0; call < 2; call += 1) {
        await assert.rejects(
          async () => store.reserve(chain, request()),
          (error) => {
            assert.ok(error instanceof StoreSetupError);
            assert.deepEqual(
              [error.code, error.status, error.expected],
              ['token_budget_store_setup', 402, 'a file in an existing directory'],
            );
            return true;
          },
        );
      }
      assert.equal(setupErrors[0], 'there is no directory');
      assert.deepEqual(changes, ['unavailable: there is no directory']);
      fake.how = 'well';
      assert.equal((await store.reserve(chain, request())).admitted, true);
      assert.deepEqual(changes, ['unavailable: there is no directory', 'available']);
    });
  }

  it('after it has answered, is unavailable as any other', async (test) => {
    const { fake, store, setupErrors, changes } = resilient(test);
    await store.reserve(chain, request());
    fake.how = 'fails';
    fake.error = wrong;
    assert.equal((await store.reserve(chain, request())).admitted, true);
    assert.deepEqual([setupErrors, changes], [[], ['unavailable: there is no directory']]);
  });

  it('is reported while a call waits for it', async (test) => {
    const { fake, store, setupErrors, late } = resilient(test);
    fake.how = 'hangs';
    const answer = late(store.reserve(chain, request()));
    store.reportFailure(wrong);
    assert.deepEqual(setupErrors, ['there is no directory']);
    await assert.rejects(answer, StoreSetupError);
  });
});

describe('a store that cannot be reached at first', () => {
  it('is reported after two seconds, while a call waits for it, and when it answers', async (test) => {
    const { fake, store, changes, pass } = resilient(test, 'closed', 5_000);
    fake.how = 'hangs';
    const answer = store.reserve(chain, request());
    store.reportFailure(new StoreError('ECONNREFUSED'));
    await pass(1_900);
    assert.deepEqual(changes, []);
    await pass(200);
    assert.deepEqual(changes, ['unavailable: ECONNREFUSED']);
    await fake.resume();
    assert.equal((await answer).admitted, true);
    assert.deepEqual(changes, ['unavailable: ECONNREFUSED', 'available']);
  });

  it('is not reported if it answers before that', async (test) => {
    const { fake, store, changes, pass } = resilient(test, 'closed', 5_000);
    fake.how = 'hangs';
    const answer = store.reserve(chain, request());
    store.reportFailure(new StoreError('ECONNREFUSED'));
    await pass(500);
    await fake.resume();
    assert.equal((await answer).admitted, true);
    await pass(3_000);
    assert.deepEqual(changes, []);
  });
});
