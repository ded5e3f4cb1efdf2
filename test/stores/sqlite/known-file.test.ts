import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LedgerLostError } from '../../../src/budget/index.ts';
import { KnownFile } from '../../../src/stores/sqlite/known-file.ts';

/** A file with one account that was changed so often. */
function mark(id: string, generation: number | undefined, confirmedAt = 0) {
  return { id, confirmedAt, generationOf: () => generation };
}

describe('what is known of a ledger file', () => {
  it('accepts the file that it knows, with all changes', () => {
    const known = new KnownFile('/a/ledger.db');
    assert.equal(known.isKnown, false);
    known.accept(mark('one', 3));
    known.observe(1, 3, true);
    known.accept(mark('one', 3));
    known.accept(mark('one', 9));
    assert.deepEqual([known.isKnown, known.replacements], [true, 0]);
  });

  it('refuses another one, an older copy, and one without the account', () => {
    const known = new KnownFile('/a/ledger.db');
    known.accept(mark('one', 3));
    known.observe(1, 3, false);
    known.commit();
    for (const other of [mark('two', 3), mark('one', 2), mark('one', undefined)])
      assert.throws(() => known.accept(other), LedgerLostError);
    assert.throws(() => known.observe(1, 2, true), /older copy/);
    known.accept(mark('one', 3));
  });

  it('forgets what a transaction saw that was rolled back', () => {
    const known = new KnownFile('/a/ledger.db');
    known.accept(mark('one', 3));
    known.observe(1, 4, false);
    known.rollBack();
    known.observe(1, 3, true);
    known.accept(mark('one', 3));
  });

  it('accepts another one that was confirmed since, whatever the clock shows', () => {
    const known = new KnownFile('/a/ledger.db');
    known.accept(mark('one', 3));
    known.observe(1, 3, false);
    known.commit();
    assert.throws(() => known.accept(mark('two', 1, 5)), LedgerLostError);
    assert.throws(() => known.accept(mark('two', 1, 5)), LedgerLostError);
    // Confirmed by a clock that is behind.
    known.accept(mark('two', 1, 6));
    known.observe(1, 1, true);
    assert.equal(known.replacements, 1);
    known.accept(mark('three', 1, Date.now() + 1));
    assert.equal(known.replacements, 2);
  });
});
