import assert from 'node:assert/strict';
import { it } from 'node:test';
import { encodingForModel } from '../../src/tokens/index.ts';

const EXPECTED = {
  o200k_base: [
    'gpt-4o',
    'gpt-4o-mini-2024-07-18',
    'gpt-4.1-nano',
    'gpt-4.5-preview',
    'gpt-5',
    'gpt-5.6-sol',
    'gpt-6',
    'o1-mini',
    'o3',
    'o4-mini-2025-04-16',
    'chatgpt-4o-latest',
    'codex-mini-latest',
    'computer-use-preview',
    'ft:gpt-4o-mini-2024-07-18:org::id',
    'ft:gpt-4.1:org:name:id',
    'openai/gpt-4o',
    'my-azure-deployment',
    '',
  ],
  cl100k_base: [
    'gpt-4',
    'gpt-4-0613',
    'gpt-4-32k',
    'gpt-4-turbo-2024-04-09',
    'gpt-4-1106-vision-preview',
    'gpt-3.5-turbo',
    'gpt-3.5-turbo-0125',
    'gpt-3.5-turbo-instruct',
    'gpt-35-turbo',
    'gpt-35-turbo-16k',
    'ft:gpt-3.5-turbo:org::id',
    'text-embedding-ada-002',
    'text-embedding-3-large',
    'davinci-002',
    'babbage-002',
    'GPT-4',
  ],
} as const;

for (const [encoding, models] of Object.entries(EXPECTED))
  for (const model of models)
    it(`${model} is ${encoding}`, () => assert.equal(encodingForModel(model), encoding));
