import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecentMap } from '../../src/util/recent-map.ts';

describe('a map that forgets', () => {
  it('holds the last entries that were set, and at most twice as many', () => {
    const map = new RecentMap<number, string>(100);
    for (let key = 0; key < 1_000; key += 1) {
      map.set(key, String(key));
      for (let back = 0; back < 100; back += 1) assert.equal(map.has(key - back), key - back >= 0);
      assert.equal(map.has(key - 200), false);
      assert.equal(map.get(key), String(key));
    }
  });

  it('gives the value that was set last', () => {
    const map = new RecentMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    assert.equal(map.get('a'), 3);
    assert.equal(map.get('b'), 2);
    assert.equal(map.get('c'), undefined);
  });
});
