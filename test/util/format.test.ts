import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  formatCount,
  formatDuration,
  formatPercent,
  formatQuantity,
  formatTable,
  truncateText,
} from '../../src/util/index.ts';

describe('formatDuration', () => {
  for (const [ms, text] of [
    [0, '0 s'],
    [0.4, '1 ms'],
    [350, '350 ms'],
    [1_000, '1 s'],
    [4_240, '4.2 s'],
    [45_400, '45 s'],
    [89_400, '89 s'],
    [90_000, '1.5 min'],
    [510_000, '8.5 min'],
    [35 * 60_000, '35 min'],
    [185 * 60_000, '3 h 5 min'],
    [179.6 * 60_000, '3 h 0 min'],
    [9.2 * 86_400_000, '9 d'],
  ] as const) {
    it(`${ms} ms: ${text}`, () => assert.equal(formatDuration(ms), text));
  }
});

describe('formatPercent', () => {
  for (const [share, text] of [
    [0, '0 %'],
    [0.001, '<1 %'],
    [0.268, '27 %'],
    [0.9999, '99 %'],
    [1, '100 %'],
    [1.104, '110 %'],
  ] as const) {
    it(`${share}: ${text}`, () => assert.equal(formatPercent(share), text));
  }
});

describe('counts', () => {
  it('have grouped thousands, and millions where they are long', () => {
    assert.deepEqual([999, 12_000, 99_999_999, 250_900_000].map(formatCount), [
      '999',
      '12,000',
      '99,999,999',
      '250M',
    ]);
  });

  it('have a noun in the singular or plural', () => {
    assert.deepEqual(
      [0, 1, 2_000].map((calls) => formatQuantity(calls, 'call')),
      ['0 calls', '1 call', '2,000 calls'],
    );
  });
});

describe('formatTable', () => {
  const columns = [{ title: 'NAME', align: 'left' }, { title: 'COST' }] as const;

  it('pads columns to their widest cell, and ignores escape sequences', () => {
    assert.deepEqual(
      formatTable(columns, [
        ['a', '$1.00'],
        ['longer', '\u001b[1m$12.00\u001b[22m'],
      ]),
      ['NAME      COST', 'a        $1.00', 'longer  \u001b[1m$12.00\u001b[22m'],
    );
  });

  it('cuts the first column so that lines fit, down to six characters', () => {
    const rows = [['a-very-long-name', '$1.00']];
    assert.deepEqual(formatTable(columns, rows, 17), ['NAME         COST', 'a-very-lo…  $1.00']);
    assert.deepEqual(formatTable(columns, rows, 3)[1], 'a-ver…  $1.00');
  });

  it('has no spaces at the end of a line', () => {
    assert.deepEqual(
      formatTable(
        [
          { title: 'A', align: 'left' },
          { title: 'B', align: 'left' },
        ],
        [['x', '']],
      ),
      ['A  B', 'x'],
    );
  });

  it('cuts texts with an ellipsis', () => {
    assert.deepEqual([truncateText('abcdef', 6), truncateText('abcdefg', 6)], ['abcdef', 'abcde…']);
  });
});
