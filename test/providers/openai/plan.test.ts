import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AzureOpenAI } from 'openai';
import { planRequest } from '../../../src/providers/openai/plan.ts';
import { compatible, openai, planOf } from '../../support/call-plans.ts';

const chat = (body: object) => planOf('/chat/completions', { model: 'gpt-4o', messages: [], ...body });

describe('planRequest', () => {
  for (const path of [
    '/chat/completions',
    '/responses',
    '/responses/compact',
    '/completions',
    '/embeddings',
  ]) {
    it(`plans POST ${path}`, () => {
      assert.equal(planOf(path, { model: 'gpt-5.2' }).model, 'gpt-5.2');
      assert.ok(planRequest(openai, { method: 'POST', path: `${path}?api-version=1`, body: {} }));
      assert.equal(planRequest(openai, { method: 'get', path, body: {} }), undefined);
      assert.equal(planRequest(openai, { method: 'post', path: `${path}/x`, body: {} }), undefined);
    });
  }

  it('plans no other request', () => {
    for (const path of ['/files', '/moderations', '/responses/input_tokens', '', '/']) {
      assert.equal(planRequest(openai, { method: 'post', path, body: {} }), undefined, path);
    }
    assert.equal(planRequest(openai, { method: 'post', body: {} }), undefined);
    assert.equal(planRequest(openai, { path: '/responses', body: {} }), undefined);
  });

  it('plans no path named like a field of every object', () => {
    for (const path of ['constructor', '__proto__', 'toString']) {
      assert.equal(planRequest(openai, { method: 'post', path, body: {} }), undefined, path);
    }
  });

  it('plans no request whose body is not an object', () => {
    for (const body of [undefined, null, 'text', 5, [], [{}]]) {
      assert.equal(planRequest(openai, { method: 'post', path: '/responses', body }), undefined);
    }
  });
});

describe('the output cap of a chat completion', () => {
  const cases: readonly (readonly [object, string, number | undefined, number])[] = [
    [{ max_completion_tokens: 100 }, 'max_completion_tokens', 100, 100],
    [{ max_tokens: 200 }, 'max_tokens', 200, 200],
    [{ max_tokens: 200, max_completion_tokens: 100 }, 'max_tokens', 200, 200],
    [{ max_tokens: 100, max_completion_tokens: 200 }, 'max_completion_tokens', 200, 200],
    [{ max_tokens: 200, max_completion_tokens: null }, 'max_tokens', 200, 200],
    [{}, 'max_completion_tokens', undefined, 16_384],
    [{ max_output_tokens: 5 }, 'max_completion_tokens', undefined, 16_384],
    [{ max_completion_tokens: 0 }, 'max_completion_tokens', undefined, 16_384],
    [{ max_completion_tokens: -5 }, 'max_completion_tokens', undefined, 16_384],
    [{ max_completion_tokens: 1.5 }, 'max_completion_tokens', undefined, 16_384],
    [{ max_completion_tokens: '100' }, 'max_completion_tokens', undefined, 16_384],
    [{ max_completion_tokens: 1e9 }, 'max_completion_tokens', 1e9, 1e9],
    [{ max_completion_tokens: 1e9 + 1 }, 'max_completion_tokens', undefined, 16_384],
    [{ max_completion_tokens: 1e308 }, 'max_completion_tokens', undefined, 16_384],
    [{ max_completion_tokens: 1e300, max_tokens: 7 }, 'max_tokens', 7, 7],
  ];
  for (const [body, field, asked, cap] of cases) {
    it(`with ${JSON.stringify(body)} is ${cap} in ${field}`, () => {
      const { capField, requestedCap, outputCap } = chat(body);
      assert.deepEqual([capField, requestedCap, outputCap], [field, asked, cap]);
    });
  }

  it('is max_tokens for other servers, which may not know the newer field', () => {
    const { capField } = planOf('/chat/completions', { model: 'llama' }, { client: compatible });
    assert.equal(capField, 'max_tokens');
  });
});

describe('the output cap of other endpoints', () => {
  it('is max_output_tokens in Responses', () => {
    const capped = planOf('/responses', { model: 'gpt-5.2', max_output_tokens: 300, max_tokens: 5 });
    assert.deepEqual(
      [capped.capField, capped.requestedCap, capped.outputCap],
      ['max_output_tokens', 300, 300],
    );
    const uncapped = planOf('/responses', { model: 'gpt-5.2' });
    assert.deepEqual([uncapped.requestedCap, uncapped.outputCap], [undefined, 128_000]);
  });

  it('is max_tokens in Completions, default 16', () => {
    const capped = planOf('/completions', { model: 'davinci-002', max_tokens: 300 });
    assert.deepEqual([capped.capField, capped.requestedCap, capped.outputCap], ['max_tokens', 300, 300]);
    const uncapped = planOf('/completions', { model: 'davinci-002' });
    assert.deepEqual([uncapped.requestedCap, uncapped.outputCap], [undefined, 16]);
    const text = planOf('/completions', { model: 'davinci-002', max_tokens: '300' });
    assert.ok(text.outputCap > 300);
  });

  it('is 0 for embeddings', () => {
    assert.equal(planOf('/embeddings', { model: 'text-embedding-3-small', max_tokens: 5 }).outputCap, 0);
  });
});

describe('the number of billed choices', () => {
  for (const [body, choices] of [
    [{}, 1],
    [{ n: 4 }, 4],
    [{ n: 2, best_of: 5 }, 5],
    [{ n: null }, 1],
    [{ n: 0 }, 1],
    [{ n: '3' }, 3],
    [{ n: 1_000 }, 1_000],
    [{ n: 1_001 }, 1_000],
    [{ best_of: 1e9 }, 1_000],
    [{ n: 1e10 }, 1_000],
    [{ n: 'many' }, 1],
    [{ n: Number.NaN, best_of: 1.5 }, 2],
  ] as const) {
    it(`with ${JSON.stringify(body)} is ${choices}`, () => {
      assert.equal(planOf('/completions', { model: 'davinci-002', ...body }).choices, choices);
    });
  }

  it('is n for each prompt', () => {
    const body = { model: 'davinci-002', prompt: ['a', 'b', 'c'], n: 2, max_tokens: 100 };
    assert.equal(planOf('/completions', body).choices, 6);
    assert.equal(planOf('/completions', { ...body, prompt: [[1, 2], [3]] }).choices, 4);
    assert.equal(planOf('/completions', { ...body, prompt: [1, 2, 3] }).choices, 2);
    assert.equal(planOf('/completions', { ...body, prompt: [] }).choices, 2);
    assert.equal(planOf('/completions', { ...body, prompt: 'abc' }).choices, 2);
    assert.equal(planOf('/chat/completions', body).choices, 2);
  });
});

describe('a plan', () => {
  it('is a stream if the SDK or the body says so', () => {
    assert.equal(chat({ stream: true }).stream, true);
    assert.equal(chat({ stream: false }).stream, false);
    assert.equal(chat({ stream: 'true' }).stream, false);
    assert.equal(planOf('/responses', {}, { stream: true }).stream, true);
  });

  it('is aborted if its signal already is', () => {
    assert.equal(planOf('/responses', {}, { signal: AbortSignal.abort() }).aborted, true);
    assert.equal(planOf('/responses', {}, { signal: new AbortController().signal }).aborted, false);
    assert.equal(planOf('/responses', {}, { signal: null }).aborted, false);
  });

  it('has the model of the body, else the deployment of an Azure client, else none', () => {
    const client = new AzureOpenAI({
      apiKey: 'k',
      endpoint: 'https://mine.openai.azure.com',
      deployment: 'my-gpt',
      apiVersion: '2024-10-21',
    });
    assert.equal(planOf('/chat/completions', { messages: [] }, { client }).model, 'my-gpt');
    assert.equal(planOf('/chat/completions', { model: 'gpt-4o' }, { client }).model, 'gpt-4o');
    for (const model of [undefined, null, 5, '']) assert.equal(chat({ model }).model, '');
  });

  it('has the body unchanged', () => {
    const body = Object.freeze({ model: 'gpt-4o', messages: [] });
    assert.equal(planOf('/chat/completions', body).body, body);
  });

  it('can be made of any body', () => {
    const value = fc.oneof(fc.anything(), fc.constantFrom<unknown>(1e308, -1, Number.NaN, null, '', []));
    const keys = ['model', 'messages', 'n', 'best_of', 'max_tokens', 'max_output_tokens', 'stream', 'prompt'];
    const body = fc.record(Object.fromEntries(keys.map((key) => [key, value])), { requiredKeys: [] });
    const paths = fc.constantFrom('/chat/completions', '/responses', '/completions', '/embeddings');
    fc.assert(
      fc.property(paths, body, (path, fields) => {
        const { outputCap, choices, model } = planOf(path, fields);
        assert.ok(Number.isInteger(outputCap) && outputCap >= 0 && outputCap <= 1e9);
        assert.ok(Number.isSafeInteger(choices) && choices >= 1);
        assert.equal(typeof model, 'string');
      }),
      { numRuns: 500 },
    );
  });
});
