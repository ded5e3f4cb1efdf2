import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { escapeControl, escapeLines, formatJson } from '../../src/util/index.ts';

const HOSTILE = 'a\u001b[2J\u009b31m\u0007\r\n\u202eb\u2028c';

describe('texts for a terminal', () => {
  it('have no control characters, and none that reverse or hide text', () => {
    assert.equal(escapeControl(HOSTILE), 'a�[2J�31m����b�c');
    assert.equal(escapeControl('預算 – naïve 🙂 e\u0301'), '預算 – naïve 🙂 e\u0301');
  });

  it('keep the lines of an output, and its styles where it has them', () => {
    const styled = '\u001b[1mbold\u001b[22m\n\u001b[2Jcleared\u001b]0;title\u0007';
    assert.equal(escapeLines(styled), '�[1mbold�[22m\n�[2Jcleared�]0;title�');
    assert.equal(escapeLines(styled, true), '\u001b[1mbold\u001b[22m\n�[2Jcleared�]0;title�');
  });

  it('are JSON that means the same', () => {
    const value = { [HOSTILE]: [HOSTILE, 1, null] };
    const text = formatJson(value);
    assert.deepEqual(JSON.parse(text), value);
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\u2028\u202e]/u);
  });
});
