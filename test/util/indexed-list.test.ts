import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Indexed, IndexedList } from '../../src/util/indexed-list.ts';

const MEMBERS = 5;

describe('open calls', () => {
  it('are those that came and did not go, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: MEMBERS - 1 })), (steps) => {
        const calls: Indexed[] = Array.from({ length: MEMBERS }, () => ({ index: -1 }));
        const open = new IndexedList<Indexed>();
        const expected = new Set<Indexed>();
        for (const step of steps) {
          const call = calls[step];
          assert.ok(call);
          if (expected.has(call)) {
            open.delete(call);
            expected.delete(call);
            // A second time does nothing.
            open.delete(call);
          } else {
            open.add(call);
            expected.add(call);
          }
          assert.deepEqual(new Set(open), expected);
          assert.equal([...open].length, expected.size);
        }
      }),
    );
  });
});
