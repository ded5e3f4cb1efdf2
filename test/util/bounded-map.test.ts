import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BoundedMap, SeenOnce } from '../../src/util/index.ts';

describe('BoundedMap', () => {
  it('keeps the last entries that were set, and at most twice as many', () => {
    const map = new BoundedMap<number, string>(100);
    for (let key = 0; key < 1_000; key += 1) {
      map.set(key, String(key));
      for (let back = 0; back < 100; back += 1) assert.equal(map.has(key - back), key - back >= 0);
      assert.equal(map.has(key - 200), false);
      assert.equal(map.get(key), String(key));
    }
  });

  it('returns the value that was set last', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    assert.equal(map.get('a'), 3);
    assert.equal(map.get('b'), 2);
    assert.equal(map.get('c'), undefined);
  });

  it('deletes an entry of either generation, with the value it had before', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    assert.equal(map.take('a'), 3);
    assert.equal(map.has('a'), false);
    assert.equal(map.take('a'), undefined);
    map.delete('b');
    assert.equal(map.get('b'), undefined);
  });

  it('forgets none for entries that were deleted again', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('kept', 1);
    for (let other = 0; other < 100; other += 1) {
      map.set(`other ${other}`, other);
      assert.equal(map.take(`other ${other}`), other);
    }
    assert.equal(map.get('kept'), 1);
  });

  it('counts an entry once, however often it is set', () => {
    const map = new BoundedMap<string, number>(3);
    map.set('kept', 1);
    for (let value = 0; value < 100; value += 1) map.set('again', value);
    assert.equal(map.get('kept'), 1);
    assert.equal(map.get('again'), 99);
  });

  it('weighs entries by their key', () => {
    const map = new BoundedMap<string, number>(10, (key) => key.length);
    map.set('12345', 1);
    map.set('1234', 2);
    assert.deepEqual([map.get('12345'), map.get('1234')], [1, 2]);
    map.set('1234567890', 3);
    map.set('0123456789', 4);
    assert.deepEqual([map.get('12345'), map.get('1234')], [undefined, undefined]);
    assert.equal(map.get('0123456789'), 4);
  });
});

describe('SeenOnce', () => {
  it('recognizes the first occurrence of a name', () => {
    const seen = new SeenOnce();
    assert.deepEqual([seen.isNew('a'), seen.isNew('b'), seen.isNew('a')], [true, true, false]);
  });

  it('keeps a bounded number of names', () => {
    const seen = new SeenOnce(2);
    for (const name of ['a', 'b', 'c', 'd', 'e']) seen.isNew(name);
    assert.equal(seen.isNew('e'), false);
    assert.equal(seen.isNew('a'), true);
  });
});
