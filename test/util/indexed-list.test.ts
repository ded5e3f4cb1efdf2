import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Indexed, IndexedList } from '../../src/util/indexed-list.ts';

const MEMBERS = 5;

describe('IndexedList', () => {
  it('holds the members that were added and not deleted, in any order of operations', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: MEMBERS - 1 })), (steps) => {
        const members: Indexed[] = Array.from({ length: MEMBERS }, () => ({ index: -1 }));
        const list = new IndexedList<Indexed>();
        const expected = new Set<Indexed>();
        for (const step of steps) {
          const member = members[step];
          assert.ok(member);
          if (expected.has(member)) {
            list.delete(member);
            expected.delete(member);
            // Deleting it again has no effect.
            list.delete(member);
          } else {
            list.add(member);
            expected.add(member);
          }
          assert.deepEqual(new Set(list), expected);
          assert.equal([...list].length, expected.size);
        }
      }),
    );
  });
});
