import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ResponseHistory } from '../../src/calls/cost/response-history.ts';
import { tokenUsage } from '../../src/usage/index.ts';

const used = (input: number, output = 0) => tokenUsage({ input, output });
const after = (id: string) => ({ previous_response_id: id });

describe('the memory of responses', () => {
  it('tells the tokens of the response that a request goes on from', () => {
    const memory = new ResponseHistory();
    memory.remember('resp_1', {}, used(100, 20));
    assert.equal(memory.previousTokens(after('resp_1')), 120);
    assert.equal(memory.previousTokens(after('resp_2')), undefined);
    assert.equal(memory.previousTokens({}), undefined);
  });

  it('tells the most tokens of a conversation, named or as an object', () => {
    const memory = new ResponseHistory();
    memory.remember('resp_1', { conversation: 'conv_1' }, used(100, 20));
    memory.remember('resp_2', { conversation: { id: 'conv_1' } }, used(50));
    assert.equal(memory.previousTokens({ conversation: { id: 'conv_1' } }), 120);
    memory.remember(undefined, { conversation: 'conv_1' }, used(300));
    assert.equal(memory.previousTokens({ conversation: 'conv_1' }), 300);
    assert.equal(memory.previousTokens({ conversation: 'conv_2' }), undefined);
  });

  it('knows nothing of input that comes from elsewhere', () => {
    const memory = new ResponseHistory();
    memory.remember('resp_1', {}, used(100));
    assert.equal(memory.previousTokens({ ...after('resp_1'), prompt: { id: 'pmpt_1' } }), undefined);
    assert.equal(memory.previousTokens({ ...after('resp_1'), tools: [{ type: 'web_search' }] }), undefined);
    assert.equal(
      memory.previousTokens({ ...after('resp_1'), tools: [{ type: 'function', name: 'f' }] }),
      100,
    );
  });

  it('holds the last 10,000 and forgets older ones', () => {
    const memory = new ResponseHistory();
    memory.remember('first', {}, used(1));
    memory.remember('second', {}, used(2));
    for (let n = 0; n < 9_998; n += 1) memory.remember(`resp_${n}`, {}, used(3));
    assert.equal(memory.previousTokens(after('first')), 1);
    memory.remember('second', {}, used(5));
    for (let n = 0; n < 9_999; n += 1) memory.remember(`more_${n}`, {}, used(4));
    assert.equal(memory.previousTokens(after('first')), undefined);
    assert.equal(memory.previousTokens(after('resp_0')), undefined);
    assert.equal(memory.previousTokens(after('second')), 5);
    assert.equal(memory.previousTokens(after('more_0')), 4);
  });
});
