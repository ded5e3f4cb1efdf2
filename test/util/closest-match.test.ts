import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findClosestMatch } from '../../src/util/index.ts';

describe('findClosestMatch', () => {
  const known = ['name', 'mode', 'limits', 'costUsd', 'maxShare', 'minOutputTokens'];
  for (const [word, expected] of [
    ['limit', 'limits'],
    ['limits', 'limits'],
    ['Limits', 'limits'],
    ['lmits', 'limits'],
    ['limtis', 'limits'],
    ['mod', 'mode'],
    ['costusd', 'costUsd'],
    ['cost_usd', 'costUsd'],
    ['max-share', 'maxShare'],
    ['minOutputToken', 'minOutputTokens'],
    ['usd', undefined],
    ['', undefined],
    ['something else', undefined],
    ['x'.repeat(100_000), undefined],
  ] as const) {
    it(`finds ${expected ?? 'nothing'} for "${word.slice(0, 20)}"`, () => {
      assert.equal(findClosestMatch(word, known), expected);
    });
  }

  it('prefers the word with fewer edits', () => {
    assert.equal(findClosestMatch('tokens', ['token', 'tokens']), 'tokens');
    assert.equal(findClosestMatch('abcd', ['abxx', 'abcx']), 'abcx');
  });
});
