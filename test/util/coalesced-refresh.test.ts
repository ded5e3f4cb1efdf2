import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CoalescedRefresh } from '../../src/util/index.ts';

describe('CoalescedRefresh', () => {
  it('runs once for all requests made during the last run', async () => {
    const done: (() => void)[] = [];
    const look = new CoalescedRefresh(() => new Promise((resolve) => done.push(resolve)));
    const first = look.run();
    const second = look.run();
    const third = look.run();
    assert.equal(done.length, 1);
    done[0]?.();
    await first;
    await new Promise(setImmediate);
    assert.equal(done.length, 2);
    done[1]?.();
    await Promise.all([second, third]);
    assert.equal(done.length, 2);
    // Nothing is under way any more.
    void look.run();
    assert.equal(done.length, 3);
  });

  it('runs at once if the refresh is synchronous', () => {
    let looks = 0;
    const look = new CoalescedRefresh(() => {
      looks += 1;
    });
    assert.equal(look.run(), undefined);
    assert.equal(look.run(), undefined);
    assert.equal(looks, 2);
  });

  it('runs again after a failure', async () => {
    let looks = 0;
    const look = new CoalescedRefresh(async () => {
      looks += 1;
      if (looks === 1) throw new Error('away');
    });
    await look.run();
    await look.run();
    assert.equal(looks, 2);
  });
});
