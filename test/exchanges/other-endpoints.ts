import type { OwnExchange } from '../support/exchange.ts';
import type { JsonObject } from '../support/json.ts';
import { CREATED, chunkedExchange, jsonExchange } from './build.ts';

const INSTRUCT = 'gpt-3.5-turbo-instruct';
const EMBEDDING = 'text-embedding-3-small';

/** Completions, embeddings and an Azure deployment. */
export const otherExchanges: readonly OwnExchange[] = [
  jsonExchange(
    '/v1/completions',
    {
      id: 'completions-plain',
      covers: 'a completion: usage without details',
      request: { model: INSTRUCT, prompt: 'The four watches of the night are', max_tokens: 16 },
      expected: { input: 7, output: 14 },
    },
    completion({
      choices: [
        {
          text: ' first, middle, morning and the one you sleep through.',
          index: 0,
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 7, completion_tokens: 14, total_tokens: 21 },
    }),
  ),
  jsonExchange(
    '/v1/completions',
    {
      id: 'completions-two-prompts',
      covers: 'two prompts, two choices each',
      request: { model: INSTRUCT, prompt: ['A ship is', 'A boat is'], n: 2, max_tokens: 4 },
      expected: { input: 6, output: 16 },
    },
    completion({
      choices: [' a home that', ' a slow house', ' a small promise', ' a wet chair'].map((text, index) => ({
        text,
        index,
        logprobs: null,
        finish_reason: 'length',
      })),
      usage: { prompt_tokens: 6, completion_tokens: 16, total_tokens: 22 },
    }),
  ),
  chunkedExchange(
    '/v1/completions',
    {
      id: 'completions-stream',
      covers: 'a streamed completion',
      request: { model: INSTRUCT, prompt: 'Ahoy means', max_tokens: 8, stream: true },
      expected: { input: 3, output: 5 },
    },
    [' hello', ', said', ' loudly', '.'].map((text, index, all) =>
      completion({
        choices: [
          { text, index: 0, logprobs: null, finish_reason: index === all.length - 1 ? 'stop' : null },
        ],
      }),
    ),
    completion({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 } }),
  ),
  jsonExchange(
    '/v1/embeddings',
    {
      id: 'embeddings-one',
      covers: 'one text',
      request: { model: EMBEDDING, input: 'a lighthouse keeper' },
      expected: { input: 4 },
    },
    embeddings([[0.25, -0.5, 0.125, 1]], 4),
  ),
  jsonExchange(
    '/v1/embeddings',
    {
      id: 'embeddings-many',
      covers: 'several texts and a dimension count',
      request: { model: EMBEDDING, input: ['fog signal', 'radar reflector', 'barque'], dimensions: 2 },
      expected: { input: 8 },
    },
    embeddings(
      [
        [0.5, 0.75],
        [-0.25, 0.5],
        [1, -1],
      ],
      8,
    ),
  ),
  jsonExchange(
    '/v1/chat/completions',
    {
      id: 'azure-chat',
      provider: 'azure',
      covers: 'an Azure deployment, with its content filter results',
      request: { model: 'harbour-mini', messages: [{ role: 'user', content: 'What is a fathom?' }] },
      expected: { input: 12, output: 9 },
    },
    {
      id: 'chatcmpl-own-azure',
      object: 'chat.completion',
      created: CREATED,
      model: 'gpt-4o-mini-2024-07-18',
      prompt_filter_results: [
        { prompt_index: 0, content_filter_results: { hate: { filtered: false, severity: 'safe' } } },
      ],
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Six feet of depth.', refusal: null },
          content_filter_results: { hate: { filtered: false, severity: 'safe' } },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 12, completion_tokens: 9, total_tokens: 21 },
    },
  ),
];

function completion(rest: JsonObject): JsonObject {
  return { id: 'cmpl-own-1', object: 'text_completion', created: CREATED, model: INSTRUCT, ...rest };
}

function embeddings(vectors: readonly (readonly number[])[], tokens: number): JsonObject {
  return {
    object: 'list',
    model: EMBEDDING,
    data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}
