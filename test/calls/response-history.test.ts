import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ResponseHistory } from '../../src/calls/cost/response-history.ts';
import { tokenUsage } from '../../src/usage/index.ts';

const usage = (input: number, output = 0) => tokenUsage({ input, output });
const continuing = (id: string) => ({ previous_response_id: id });

describe('ResponseHistory', () => {
  it('returns the tokens of the response that a request continues', () => {
    const history = new ResponseHistory();
    history.remember('resp_1', {}, usage(100, 20));
    assert.equal(history.previousTokens(continuing('resp_1')), 120);
    assert.equal(history.previousTokens(continuing('resp_2')), undefined);
    assert.equal(history.previousTokens({}), undefined);
  });

  it('returns the highest total of a conversation, by its id or as an object', () => {
    const history = new ResponseHistory();
    history.remember('resp_1', { conversation: 'conv_1' }, usage(100, 20));
    history.remember('resp_2', { conversation: { id: 'conv_1' } }, usage(50));
    assert.equal(history.previousTokens({ conversation: { id: 'conv_1' } }), 120);
    history.remember(undefined, { conversation: 'conv_1' }, usage(300));
    assert.equal(history.previousTokens({ conversation: 'conv_1' }), 300);
    assert.equal(history.previousTokens({ conversation: 'conv_2' }), undefined);
  });

  it('returns undefined if the service adds other input', () => {
    const history = new ResponseHistory();
    history.remember('resp_1', {}, usage(100));
    assert.equal(history.previousTokens({ ...continuing('resp_1'), prompt: { id: 'pmpt_1' } }), undefined);
    assert.equal(
      history.previousTokens({ ...continuing('resp_1'), tools: [{ type: 'web_search' }] }),
      undefined,
    );
    assert.equal(
      history.previousTokens({ ...continuing('resp_1'), tools: [{ type: 'function', name: 'f' }] }),
      100,
    );
  });

  it('remembers the last 10,000 responses and forgets older ones', () => {
    const history = new ResponseHistory();
    history.remember('first', {}, usage(1));
    history.remember('second', {}, usage(2));
    for (let n = 0; n < 9_998; n += 1) history.remember(`resp_${n}`, {}, usage(3));
    assert.equal(history.previousTokens(continuing('first')), 1);
    history.remember('second', {}, usage(5));
    for (let n = 0; n < 9_999; n += 1) history.remember(`more_${n}`, {}, usage(4));
    assert.equal(history.previousTokens(continuing('first')), undefined);
    assert.equal(history.previousTokens(continuing('resp_0')), undefined);
    assert.equal(history.previousTokens(continuing('second')), 5);
    assert.equal(history.previousTokens(continuing('more_0')), 4);
  });
});
