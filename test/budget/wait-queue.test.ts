import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Admission } from '../../src/budget/index.ts';
import { WaitQueue } from '../../src/budget/tracker/wait-queue.ts';
import type { MaybePromise } from '../../src/util/index.ts';
import { amounts, deniedOf, eventKinds, reserveOf, syncValue, trackerOf } from './helpers.ts';

const DENIED: Admission = deniedOf(trackerOf({ tokens: 0 }).tracker.reserve(reserveOf()));
const ADMITTED: Admission = { admitted: true, outputCap: 5, reserved: amounts() };

async function flush(): Promise<void> {
  for (let n = 0; n < 10; n += 1) await new Promise((done) => setImmediate(done));
}

/** A queue on a clock that is set by hand, over a pool of which each waiter takes some. */
function queueOf(test: TestContext, pool = 0) {
  test.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const queue = new WaitQueue(Date.now);
  const state = { pool };
  const log: string[] = [];
  const wait = (name: string, size: number, waitMs = 10_000, options: WaitOptions = {}) => {
    const attempt = (): MaybePromise<Admission> => {
      log.push(`try ${name}`);
      if (size > state.pool) return DENIED;
      state.pool -= size;
      return ADMITTED;
    };
    const denied = options.untried === true ? undefined : DENIED;
    const answer = queue.wait(attempt, denied, waitMs, options.signal);
    const done = answer.then(
      ({ admitted }) => void log.push(`${name} ${admitted ? 'goes' : 'is denied'}`),
      (error: unknown) => void log.push(`${name} ends: ${error}`),
    );
    return { answer, done };
  };
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 50) {
      test.mock.timers.tick(Math.min(50, left));
      await flush();
    }
  };
  const free = async (size: number): Promise<void> => {
    state.pool += size;
    queue.wake();
    await flush();
  };
  /** What ended since it was last asked. */
  const ended = (): string[] => log.splice(0).filter((line) => !line.startsWith('try '));
  return { queue, state, log, wait, pass, free, ended };
}

interface WaitOptions {
  readonly untried?: boolean;
  readonly signal?: AbortSignal;
}

describe('a call that waits', () => {
  it('is admitted once enough is freed', async (test) => {
    const { queue, wait, free, ended } = queueOf(test);
    const { answer } = wait('a', 10);
    assert.equal(queue.empty, false);
    await free(9);
    assert.deepEqual(ended(), []);
    await free(1);
    assert.deepEqual(ended(), ['a goes']);
    assert.equal(await answer, ADMITTED);
    assert.equal(queue.empty, true);
  });

  it('retries by itself: another process may have freed some', async (test) => {
    const { state, wait, pass, ended } = queueOf(test);
    wait('a', 10);
    await pass(200);
    assert.deepEqual(ended(), []);
    state.pool = 10;
    await pass(200);
    assert.deepEqual(ended(), ['a goes']);
  });

  it('gets its last denial when its time is over, and is not tried after that', async (test) => {
    const { queue, wait, pass, free, log, ended } = queueOf(test);
    const { answer } = wait('a', 10, 500);
    await pass(450);
    assert.deepEqual(ended(), []);
    await pass(200);
    assert.deepEqual(ended(), ['a is denied']);
    assert.equal(await answer, DENIED);
    assert.equal(queue.empty, true);
    await free(10);
    await pass(500);
    assert.deepEqual(log, []);
  });

  it('is admitted by its last try, at the end of its time', async (test) => {
    const { state, wait, pass, ended } = queueOf(test);
    wait('a', 10, 30);
    state.pool = 10;
    await pass(50);
    assert.deepEqual(ended(), ['a goes']);
  });
});

describe('calls that wait', () => {
  it('are admitted in the order in which they came', async (test) => {
    const { wait, free, ended } = queueOf(test);
    for (const name of ['a', 'b', 'c']) wait(name, 10);
    await free(20);
    assert.deepEqual(ended(), ['a goes', 'b goes']);
    await free(10);
    assert.deepEqual(ended(), ['c goes']);
  });

  it('do not overtake: small ones do not starve a large one', async (test) => {
    const { wait, free, pass, ended } = queueOf(test);
    wait('large', 100);
    wait('small', 1);
    await free(50);
    await pass(300);
    assert.deepEqual(ended(), []);
    wait('smaller', 1);
    await free(51);
    assert.deepEqual(ended(), ['large goes', 'small goes']);
    await free(1);
    assert.deepEqual(ended(), ['smaller goes']);
  });

  it('may run out of time before the first, without another try if they were denied', async (test) => {
    const { wait, pass, free, ended, log } = queueOf(test);
    wait('first', 100, 5_000);
    wait('second', 1, 200);
    await free(50);
    await pass(400);
    assert.ok(!log.includes('try second'));
    assert.deepEqual(ended(), ['second is denied']);
    await free(50);
    assert.deepEqual(ended(), ['first goes']);
  });

  it('are denied when their own time is over, to the millisecond', async (test) => {
    const { wait, ended } = queueOf(test);
    wait('first', 100, 5_000);
    wait('second', 1, 30);
    test.mock.timers.tick(29);
    await flush();
    assert.deepEqual(ended(), []);
    test.mock.timers.tick(1);
    await flush();
    assert.deepEqual(ended(), ['second is denied']);
  });

  it('are tried at once when the time of the first is over, even at the end of their own', async (test) => {
    const { state, wait, ended } = queueOf(test);
    wait('large', 100, 50);
    wait('small', 1, 50);
    wait('another', 1, 5_000);
    state.pool = 2;
    test.mock.timers.tick(50);
    await flush();
    assert.deepEqual(ended(), ['large is denied', 'small goes', 'another goes']);
  });

  it('are tried at least once if they came while others waited', async (test) => {
    const { wait, pass, ended, log } = queueOf(test, 5);
    wait('first', 100, 5_000);
    wait('fits', 5, 200, { untried: true });
    wait('does not', 9, 200, { untried: true });
    await pass(400);
    assert.equal(log.filter((line) => line === 'try does not').length, 1);
    assert.deepEqual(ended().sort(), ['does not is denied', 'fits goes']);
  });

  it('leave when they are aborted, at any place in the queue', async (test) => {
    const { queue, wait, pass, free, ended } = queueOf(test);
    const [one, two] = [new AbortController(), new AbortController()];
    wait('a', 10, 5_000, { signal: one.signal });
    wait('b', 10, 5_000, { signal: two.signal });
    wait('c', 10, 5_000);
    two.abort('had enough');
    await pass(200);
    assert.deepEqual(ended(), ['b ends: had enough']);
    one.abort('as well');
    await free(10);
    assert.deepEqual(ended(), ['a ends: as well', 'c goes']);
    assert.equal(queue.empty, true);
  });

  it('are tried even if the try of another throws', async (test) => {
    const { queue, wait, free, ended } = queueOf(test);
    const throws = queue.wait(
      () => {
        throw new Error('a fault in counting');
      },
      DENIED,
      5_000,
    );
    const rejects = queue.wait(() => Promise.reject(new Error('away')), DENIED, 5_000);
    wait('next', 10);
    const both = Promise.all([
      assert.rejects(throws, /a fault in counting/),
      assert.rejects(rejects, /away/),
    ]);
    await free(10);
    await both;
    assert.deepEqual(ended(), ['next goes']);
  });

  it('are served again if some is freed while they are served, one at a time', async (test) => {
    const { queue } = queueOf(test);
    let pool = 0;
    let running = 0;
    let most = 0;
    const slow = async (): Promise<Admission> => {
      running += 1;
      most = Math.max(most, running);
      const fits = pool > 0;
      await flush();
      running -= 1;
      if (fits) pool -= 1;
      return fits ? ADMITTED : DENIED;
    };
    const first = queue.wait(slow, DENIED, 60_000);
    const second = queue.wait(slow, DENIED, 60_000);
    queue.wake();
    pool = 2;
    queue.wake();
    queue.wake();
    assert.deepEqual(await Promise.all([first, second]), [ADMITTED, ADMITTED]);
    assert.equal(most, 1);
    assert.equal(queue.empty, true);
  });
});

describe('a tracker that waits', () => {
  const patient = (tokens: number, test: TestContext) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    return trackerOf({ tokens }, {}, { waitMs: 5_000 });
  };

  it('makes a call wait for the open ones, and reports no denial', async (test) => {
    const { tracker, events } = patient(100, test);
    const first = reserveOf({ outputCap: 100 });
    syncValue(tracker.reserve(first));
    const waiting = tracker.reserve(reserveOf({ outputCap: 50 }));
    const later = tracker.reserve(reserveOf({ outputCap: 5 }));
    assert.ok(waiting instanceof Promise && later instanceof Promise);
    syncValue(tracker.settle(first.id, amounts({ tokens: 50, calls: 1 })));
    assert.partialDeepStrictEqual(await waiting, { admitted: true, outputCap: 50 });
    syncValue(tracker.release((await waiting).admitted ? first.id : ''));
    assert.deepEqual(eventKinds(events), [0.5]);
  });

  it('denies at once if nothing is open, or time is over', (test) => {
    const { tracker } = patient(10, test);
    assert.equal(deniedOf(tracker.reserve(reserveOf())).limit, 'tokens');
    const timed = trackerOf({ minutes: 1 }, {}, { waitMs: 5_000 });
    syncValue(timed.tracker.reserve(reserveOf()));
    timed.clock.now += 60_000;
    assert.equal(deniedOf(timed.tracker.reserve(reserveOf())).limit, 'minutes');
  });

  it('reports the denial once, when the wait is over', async (test) => {
    const { tracker, events, clock } = patient(100, test);
    syncValue(tracker.reserve(reserveOf({ outputCap: 100 })));
    const waiting = tracker.reserve(reserveOf());
    assert.deepEqual(eventKinds(events), []);
    clock.now += 6_000;
    test.mock.timers.tick(6_000);
    assert.equal((await waiting).admitted, false);
    assert.deepEqual(eventKinds(events), ['denied']);
  });

  it('ends the wait with the reason of the signal', async (test) => {
    const { tracker } = patient(100, test);
    syncValue(tracker.reserve(reserveOf({ outputCap: 100 })));
    const controller = new AbortController();
    const waiting = tracker.reserve(reserveOf(), undefined, controller.signal);
    controller.abort(new Error('no longer wanted'));
    test.mock.timers.tick(200);
    await assert.rejects(async () => waiting, /no longer wanted/);
  });
});
