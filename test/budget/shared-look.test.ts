import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SharedLook } from '../../src/budget/tracker/coalesced-refresh.ts';

describe('a look that is shared', () => {
  it('is one for all that came during the last', async () => {
    const done: (() => void)[] = [];
    const look = new SharedLook(() => new Promise((resolve) => done.push(resolve)));
    const first = look.take();
    const second = look.take();
    const third = look.take();
    assert.equal(done.length, 1);
    done[0]?.();
    await first;
    await new Promise(setImmediate);
    assert.equal(done.length, 2);
    done[1]?.();
    await Promise.all([second, third]);
    assert.equal(done.length, 2);
    // Nothing is under way any more.
    void look.take();
    assert.equal(done.length, 3);
  });

  it('is taken at once of a store that answers at once', () => {
    let looks = 0;
    const look = new SharedLook(() => {
      looks += 1;
    });
    assert.equal(look.take(), undefined);
    assert.equal(look.take(), undefined);
    assert.equal(looks, 2);
  });

  it('goes on after one that failed', async () => {
    let looks = 0;
    const look = new SharedLook(async () => {
      looks += 1;
      if (looks === 1) throw new Error('away');
    });
    await look.take();
    await look.take();
    assert.equal(looks, 2);
  });
});
