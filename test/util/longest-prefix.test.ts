import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findByLongestPrefix } from '../../src/util/index.ts';

describe('findByLongestPrefix', () => {
  const entries = [
    ['gpt-4', 1],
    ['gpt-4o-mini', 3],
    ['gpt-4o', 2],
  ] as const;

  it('returns the value of the longest matching prefix, in any order of the list', () => {
    assert.equal(findByLongestPrefix(entries, 'gpt-4'), 1);
    assert.equal(findByLongestPrefix(entries, 'gpt-4-turbo'), 1);
    assert.equal(findByLongestPrefix(entries, 'gpt-4o-2024'), 2);
    assert.equal(findByLongestPrefix(entries, 'gpt-4o-mini-2024'), 3);
  });

  it('returns undefined if no prefix matches', () => {
    assert.equal(findByLongestPrefix(entries, 'gpt-'), undefined);
    assert.equal(findByLongestPrefix(entries, 'o1'), undefined);
    assert.equal(findByLongestPrefix([], 'o1'), undefined);
  });
});
