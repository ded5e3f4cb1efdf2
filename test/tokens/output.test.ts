import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countOutput } from '../../src/tokens/index.ts';
import { billedRecordings, hasRecordings, NO_RECORDINGS } from './recordings.ts';

describe('the tokens of a response', () => {
  it('are its texts and their framing', () => {
    assert.equal(countOutput(['hello world'], 'gpt-4o'), 2 + 1);
    assert.equal(countOutput(['hello world'], 'gpt-5'), 2 + 10);
    assert.equal(countOutput(['hello world'], 'gpt-5', { kind: 'responses' }), 2 + 5);
    assert.equal(countOutput(['hello world'], 'gpt-3.5-turbo-instruct', { kind: 'completions' }), 2);
    assert.equal(countOutput(['hello', '{}'], 'gpt-4o', { calls: 1 }), 2 + 8);
    assert.equal(countOutput(['hello', 'hello', '{}'], 'gpt-4o', { calls: 1, text: true }), 3 + 1 + 8);
    assert.equal(countOutput(['hello', '{}', 'hello', '{}'], 'gpt-4o', { calls: 2 }), 4 + 28);
  });

  it('are zero before the first text', () => {
    assert.equal(countOutput([], 'gpt-4o'), 0);
    assert.equal(countOutput([''], 'gpt-5'), 0);
  });

  it('are within 3 of recorded bills for texts', { skip: hasRecordings ? false : NO_RECORDINGS }, () => {
    const errors = billedRecordings()
      .filter(({ kind, answer, reasoning }) => kind !== 'embeddings' && !answer.other && reasoning === 0)
      .filter(({ answer }) => answer.text && answer.calls === 0)
      .map(({ kind, model, answer, output }) =>
        Math.abs(countOutput(answer.parts, model, { kind, ...answer }) - output),
      );
    assert.ok(errors.length > 100);
    assert.ok(errors.filter((error) => error <= 3).length > errors.length * 0.95, `${errors}`);
  });
});
