import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  type Admission,
  type Amounts,
  type Balances,
  type BudgetDefinition,
  defineBudget,
  NOTHING,
  type ReserveRequest,
  StoreError,
} from '../../../src/budget/index.ts';
import { type LocalQuotaOptions, LocalQuotaStore } from '../../../src/stores/local-quota/index.ts';
import { MemoryStore } from '../../../src/stores/memory-store.ts';
import { isPromise, type MaybePromise } from '../../../src/util/index.ts';

const job = defineBudget({ name: 'job', limits: { tokens: 100_000 } });
const team = defineBudget({ name: 'team', limits: { costUsd: 1 } });

function request(id: string, given: Partial<ReserveRequest> = {}): ReserveRequest {
  const fixed = { costNanoUsd: 7, tokens: 10, calls: 1 };
  return { id, leaseMs: 60_000, fixed, outputPicoUsd: 0, choices: 1, outputCap: 50, capped: true, ...given };
}

function tokens(count: number): Amounts {
  return { costNanoUsd: 7, tokens: count, calls: 1 };
}

/** A memory store that records its requests, can be unavailable, and has a clock of its own. */
class Remote extends MemoryStore {
  readonly requests: string[] = [];
  isUnavailable = false;
  #now: () => number;

  constructor(now: () => number = Date.now) {
    super(now);
    this.#now = now;
  }

  now(): number {
    return this.#now();
  }

  override reserve(chain: readonly BudgetDefinition[], asked: ReserveRequest): Admission {
    this.#ask('reserve');
    return super.reserve(chain, asked);
  }

  override settle(id: string, used: Amounts): boolean {
    this.#ask('settle');
    return super.settle(id, used);
  }

  override balances(budget: BudgetDefinition): Balances {
    this.#ask('balances');
    return super.balances(budget);
  }

  override heartbeat(): void {
    this.#ask('heartbeat');
  }

  #ask(what: string): void {
    if (this.isUnavailable) throw new StoreError('unavailable');
    this.requests.push(what);
  }
}

function open(given: LocalQuotaOptions & { now?: () => number } = {}) {
  const { now, ...options } = given;
  const remote = new Remote(now);
  let elapsed = 0;
  const store = new LocalQuotaStore(remote, {
    maintenanceIntervalMs: 0,
    prefetchCalls: 64,
    clock: () => elapsed,
    ...options,
  });
  const advance = (ms: number): void => {
    elapsed += ms;
  };
  return { remote, store, advance };
}

/**
 * Makes two calls, which go to the remote store and use five tokens each, and waits for the quota reserved
 * after them.
 */
async function warm(store: LocalQuotaStore, chain: readonly BudgetDefinition[]): Promise<void> {
  for (const id of ['first', 'second']) {
    assert.ok((await store.reserve(chain, request(id))).admitted);
    await store.settle(id, tokens(5));
  }
  await turn();
}

function atOnce<T>(value: MaybePromise<T>): T {
  assert.ok(!isPromise(value), 'a round trip was made');
  return value;
}

describe('a local quota store', () => {
  it('answers at once without asking the remote store, once it holds a quota', async () => {
    const { remote, store } = open();
    await warm(store, [job, team]);
    remote.requests.length = 0;
    for (let call = 0; call < 20; call += 1) {
      const answer = atOnce(store.reserve([job, team], request(`c${call}`)));
      assert.deepEqual(answer, { admitted: true, outputCap: 50, reserved: tokens(60) });
      assert.equal(atOnce(store.grow([job, team], `c${call}`, { ...NOTHING, tokens: 1 })), true);
      assert.equal(atOnce(store.settle(`c${call}`, tokens(30))), true);
      assert.equal(await store.settle(`c${call}`, tokens(30)), false);
    }
    assert.deepEqual(
      remote.requests.filter((what) => what !== 'settle'),
      [],
    );
  });

  it('reserves the next quota before the last one is used up, and settles what was used', async () => {
    const { remote, store } = open();
    await warm(store, [job]);
    for (let call = 0; call < 300; call += 1) {
      atOnce(store.reserve([job], request(`c${call}`)));
      atOnce(store.settle(`c${call}`, tokens(60)));
      await turn();
    }
    const { settled } = await store.balances(job);
    assert.equal(settled.tokens, 10 + 300 * 60);
    await store.close();
    const { settled: there, reserved, open: calls } = remote.balances(job);
    assert.deepEqual([there.tokens, there.calls, reserved, calls], [18_010, 302, NOTHING, 0]);
  });

  it('counts its calls in the balances, and other processes count its quotas', async () => {
    const { remote, store } = open();
    await warm(store, [job]);
    atOnce(store.reserve([job], request('a')));
    const mine = await store.balances(job);
    assert.deepEqual([mine.settled.tokens, mine.reserved.tokens, mine.open], [10, 60, 1]);
    const theirs = remote.balances(job);
    assert.deepEqual([theirs.settled.tokens, theirs.reserved.tokens, theirs.open], [10, 64 * 60, 1]);
  });

  it('holds what is spent in a second, or four calls if that is more', async () => {
    const { remote, store, advance } = open({ prefetchCalls: 4, idleMs: 60_000 });
    await warm(store, [job]);
    assert.equal(remote.balances(job).reserved.tokens, 4 * 60);
    // Many a second: the next quotas are as large.
    for (let call = 0; call < 40; call += 1) {
      assert.ok((await store.reserve([job], request(`c${call}`))).admitted);
      await store.settle(`c${call}`, tokens(60));
      await turn();
    }
    assert.ok(remote.balances(job).reserved.tokens > 10 * 60, `${remote.balances(job).reserved.tokens}`);
    // Few: they shrink.
    for (let call = 0; call < 3; call += 1) {
      advance(10_000);
      assert.ok((await store.reserve([job], request(`late ${call}`))).admitted);
      await store.settle(`late ${call}`, tokens(60));
      await store.maintain();
      await turn();
    }
    assert.equal(remote.balances(job).reserved.tokens, 4 * 60);
  });

  it('holds at most a share of what is left, and nothing if that is little', async () => {
    const { remote, store } = open({ pauseMs: 0 });
    const small = defineBudget({ name: 'small', limits: { tokens: 16 * 200 } });
    await warm(store, [small]);
    const held = remote.balances(small).reserved.tokens;
    assert.ok(held > 0 && held <= 200, String(held));
    await store.charge([small], tokens(2_000));
    await store.maintain();
    assert.equal(remote.balances(small).reserved.tokens, 0);
    assert.ok(isPromise(store.reserve([small], request('a'))));
  });

  it('uses a budget up to the last call, and denies as the remote store does', async () => {
    const { remote, store } = open();
    const calls = defineBudget({ name: 'calls', limits: { calls: 200 } });
    let admitted = 0;
    for (let call = 0; call < 250; call += 1) {
      const answer = await store.reserve([calls], request(`c${call}`));
      if (!answer.admitted) {
        assert.deepEqual(
          [answer.limit, answer.balances.settled.calls, answer.balances.open],
          ['calls', 200, 0],
        );
        continue;
      }
      admitted += 1;
      await store.settle(`c${call}`, tokens(1));
    }
    assert.equal(admitted, 200);
    await store.close();
    assert.equal(remote.balances(calls).settled.calls, 200);
  });

  it('reads the balances of the budgets that change, however many others there are', async () => {
    const { remote, store, advance } = open();
    const team = defineBudget({ name: 'team', limits: { costUsd: 100 } });
    const jobs = Array.from({ length: 100 }, (_, n) =>
      defineBudget({ name: `job ${n}`, limits: { tokens: 100_000 } }),
    );
    for (const one of jobs) await warm(store, [one, team]);
    await store.maintain();
    const asked = async (): Promise<number> => {
      remote.requests.length = 0;
      await store.maintain();
      return remote.requests.filter((what) => what === 'balances').length;
    };
    assert.equal(await asked(), 0);
    // A call of another budget changes nothing that is known of these.
    const other = defineBudget({ name: 'other', limits: { calls: 2 } });
    assert.ok((await store.reserve([other], request('direct'))).admitted);
    assert.equal(await store.settle('direct', tokens(1)), true);
    const [first] = jobs;
    assert.ok(first !== undefined);
    assert.equal(atOnce(store.balances(first)).settled.tokens, 10);
    assert.equal(await asked(), 0);
    // One of them changes its chain: the job, and the team which is read once although it is in all chains.
    await store.charge([first, team], tokens(90_000));
    assert.equal(await asked(), 2);
    // Without calls, seconds pass between reads: of the team, and of all jobs but the first, whose quota is
    // too large by now.
    advance(4_000);
    assert.equal(await asked(), 0);
    advance(1_000);
    assert.equal(await asked(), 1 + (jobs.length - 1));
    await store.close();
    assert.deepEqual([remote.balances(team).reserved, remote.balances(team).open], [NOTHING, 0]);
  });

  it('reserves no quota for single calls', async () => {
    const { remote, store, advance } = open({ idleMs: 5_000 });
    const call = async (id: string): Promise<void> => {
      assert.ok((await store.reserve([job], request(id))).admitted);
      await store.settle(id, tokens(10));
      await turn();
    };
    for (const id of ['a', 'b', 'c']) {
      await call(id);
      assert.equal(remote.balances(job).open, 0);
      advance(5_001);
    }
    await call('d');
    advance(5_000);
    await call('e');
    assert.equal(remote.balances(job).open, 1);
  });

  it('returns what is not used', async () => {
    const { remote, store, advance } = open({ idleMs: 5_000 });
    await warm(store, [job]);
    await store.maintain();
    assert.equal(remote.balances(job).open, 1);
    advance(5_001);
    await store.maintain();
    assert.deepEqual([remote.balances(job).open, remote.balances(job).reserved], [0, NOTHING]);
  });

  it('returns everything that no call holds on request', async () => {
    const { remote, store } = open();
    await warm(store, [job, team]);
    atOnce(store.reserve([job, team], request('a')));
    await store.returnUnused();
    assert.equal(remote.balances(team).open, 1);
    atOnce(store.settle('a', tokens(20)));
    await store.returnUnused();
    assert.deepEqual([remote.balances(job).open, remote.balances(team).reserved], [0, NOTHING]);
    assert.equal(remote.balances(job).settled.tokens, 30);
  });

  it('transfers a reservation to the remote store, and charges it there or here', async () => {
    const { remote, store } = open();
    await warm(store, [job]);
    atOnce(store.reserve([job], request('background')));
    assert.equal(await store.transfer('background', 'work', 1_000), true);
    assert.equal(await store.settle('background', tokens(60)), false);
    assert.equal(remote.settle('work', tokens(40)), true);
    assert.equal(remote.balances(job).settled.tokens, 10 + 40);
    // What cannot be paid for twice, for a moment, is charged at once.
    atOnce(store.reserve([job], request('large')));
    const rest = 100_000 - remote.balances(job).settled.tokens - remote.balances(job).reserved.tokens;
    remote.charge([job], { ...NOTHING, tokens: rest });
    assert.equal(await store.transfer('large', 'more work', 1_000), false);
    await store.close();
    assert.equal(remote.balances(job).settled.tokens, 50 + rest + 60);
    assert.equal(remote.balances(job).open, 0);
  });

  it('goes on with what its quotas hold while the remote store is unavailable, and settles when it is available again', async () => {
    const { remote, store, advance } = open({ idleMs: 0 });
    await warm(store, [job]);
    const held = remote.balances(job).reserved.tokens;
    remote.isUnavailable = true;
    let spent = 0;
    for (; spent + 60 <= held; spent += 60) {
      atOnce(store.reserve([job], request(`c${spent}`)));
      atOnce(store.settle(`c${spent}`, tokens(60)));
      advance(1_000);
      await store.maintain();
    }
    await assert.rejects(async () => store.reserve([job], request('more')), StoreError);
    remote.isUnavailable = false;
    await store.maintain();
    await store.maintain();
    assert.ok(spent > 0);
    assert.deepEqual([remote.balances(job).settled.tokens, remote.balances(job).open], [10 + spent, 0]);
  });

  it('spends the rest of a quota whose lease has ended, which is charged in full', async () => {
    const { remote, store, advance } = open({ leaseMs: 30_000 });
    await warm(store, [job]);
    const held = remote.balances(job).reserved.tokens;
    advance(60_000);
    remote.chargeAbandoned('quota:');
    remote.isUnavailable = true;
    let admitted = 0;
    try {
      for (; ; admitted += 60) {
        await store.reserve([job], request(`c${admitted}`));
        await store.settle(`c${admitted}`, tokens(60));
      }
    } catch (error) {
      assert.ok(error instanceof StoreError, String(error));
    }
    assert.ok(admitted > 0 && admitted <= held);
    remote.isUnavailable = false;
    await store.close();
    assert.deepEqual([remote.balances(job).settled.tokens, remote.balances(job).open], [10 + held, 0]);
  });

  it('renews the lease of a quota', async () => {
    const { remote, store, advance } = open({ leaseMs: 30_000 });
    await warm(store, [job]);
    atOnce(store.reserve([job], request('open', { leaseMs: 600_000 })));
    for (let beat = 0; beat < 5; beat += 1) {
      advance(15_000);
      await store.maintain();
    }
    assert.ok(remote.requests.includes('heartbeat'));
    assert.ok(atOnce(store.reserve([job], request('a'))).admitted);
  });

  it('charges a call in full if its holder let its lease end', async () => {
    const { store, advance } = open();
    await warm(store, [job]);
    atOnce(store.reserve([job], request('lost', { leaseMs: 5_000 })));
    atOnce(store.reserve([job], request('kept', { leaseMs: 5_000 })));
    atOnce(store.heartbeat(['kept'], 60_000));
    advance(5_001);
    await store.maintain();
    assert.equal(await store.settle('lost', NOTHING), false);
    assert.equal(await store.settle('kept', tokens(5)), true);
    assert.equal((await store.balances(job)).settled.tokens, 10 + 60 + 5);
  });

  it('spends no quota of a window that is over, and settles its calls there', async () => {
    let now = Date.UTC(2026, 4, 5, 12, 30);
    const hourly = defineBudget({
      name: 'hourly',
      limits: { tokens: 10_000 },
      window: { per: 'hour', timeZone: 'UTC' },
    });
    const { remote, store } = open({ now: () => now });
    await warm(store, [hourly]);
    atOnce(store.reserve([hourly], request('before')));
    now += 3_600_000;
    const after = store.reserve([hourly], request('after'));
    assert.ok(isPromise(after));
    assert.ok((await after).admitted);
    await store.settle('before', tokens(50));
    await store.settle('after', tokens(20));
    const { settled, startedAt } = await store.balances(hourly);
    assert.deepEqual([settled.tokens, startedAt], [20, Date.UTC(2026, 4, 5, 13)]);
    await store.close();
    assert.equal(remote.balances(hourly).settled.tokens, 20);
  });

  it('charges what is open when it is closed', async () => {
    const { remote, store } = open();
    await warm(store, [job]);
    atOnce(store.reserve([job], request('open')));
    await store.close();
    const { settled, reserved, open: calls } = remote.balances(job);
    assert.deepEqual([settled.tokens, reserved, calls], [70, NOTHING, 0]);
  });

  it('gives a call without a cap the same share as the remote store does', async () => {
    const { store } = open();
    await warm(store, [job]);
    const uncapped = request('a', { capped: false, outputCap: 128_000 });
    const answer = await store.reserve([job], uncapped);
    assert.ok(answer.admitted);
    const left = 100_000 - 10 - 64 * 60 - 10;
    assert.ok(answer.outputCap >= left / 2 - 1 && answer.outputCap <= 50_000, String(answer.outputCap));
  });

  it('denies nothing in observe, and denies in soft once the limit is reached', async () => {
    const soft = defineBudget({ name: 'soft', mode: 'soft', limits: { tokens: 500 } });
    const seen = defineBudget({ name: 'seen', mode: 'observe', limits: { tokens: 1 } });
    const { remote, store } = open();
    await warm(store, [seen, soft]);
    // What others settled has to be known to answer at once.
    await store.maintain();
    for (let call = 0; call < 9; call += 1) {
      atOnce(store.reserve([seen, soft], request(`c${call}`)));
      atOnce(store.settle(`c${call}`, tokens(60)));
    }
    const denied = await store.reserve([seen, soft], request('late'));
    assert.ok(!denied.admitted);
    assert.deepEqual([denied.budget.name, denied.balances.settled.tokens], ['soft', 550]);
    await store.close();
    assert.equal(remote.balances(seen).settled.tokens, 550);
  });
});
