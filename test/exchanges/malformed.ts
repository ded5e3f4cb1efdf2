import type { OwnExchange } from '../support/exchange.ts';
import type { JsonObject } from '../support/json.ts';
import {
  chatBody,
  chatChunk,
  chatUsage,
  chunkedExchange,
  jsonExchange,
  responseBody,
  textChunks,
  usageChunk,
} from './build.ts';

const PATH = '/v1/chat/completions';
const MODEL = 'gpt-4o-mini-2024-07-18';

/** Answers with status 200 that no client should have to read, but that must not harm a balance. */
export const malformedExchanges: readonly OwnExchange[] = [
  badUsage('negative', { prompt_tokens: -5, completion_tokens: -900, total_tokens: -905 }),
  badUsage('one-negative', { prompt_tokens: 16, completion_tokens: -9, total_tokens: 7 }),
  badUsage('not-a-number', { prompt_tokens: 'NaN', completion_tokens: 'NaN', total_tokens: 'NaN' }),
  badUsage('strings', { prompt_tokens: '16', completion_tokens: '9', total_tokens: '25' }),
  badUsage('absurd', { prompt_tokens: 1e300, completion_tokens: 1e300, total_tokens: 2e300 }),
  badUsage('unsafe-integer', { prompt_tokens: 2 ** 53, completion_tokens: 2 ** 53, total_tokens: 2 ** 54 }),
  badUsage('fractions', { prompt_tokens: 16.5, completion_tokens: 8.25, total_tokens: 24.75 }),
  badUsage('booleans', { prompt_tokens: true, completion_tokens: false, total_tokens: true }),
  badUsage('output-missing', { prompt_tokens: 16, total_tokens: 25 }),
  badUsage('empty', {}),
  badUsage('null', null),
  badUsage('list', [16, 9]),
  badUsage('text', 'sixteen'),
  badUsage('details-null', {
    ...chatUsage(16, 9),
    prompt_tokens_details: null,
    completion_tokens_details: null,
  }),
  badUsage('details-text', {
    ...chatUsage(16, 9),
    prompt_tokens_details: 'none',
    completion_tokens_details: [],
  }),
  badUsage(
    'part-above-total',
    chatUsage(16, 9, { prompt: { cached_tokens: 4000 }, completion: { reasoning_tokens: 99 } }),
  ),
  badUsage('part-negative', chatUsage(16, 9, { prompt: { cached_tokens: -4000 } })),
  malformed('usage-absent', chatBody(MODEL, 'Aye, aye, captain.')),
  malformed('choices-absent', { id: 'chatcmpl-own', object: 'chat.completion', usage: chatUsage(16, 9) }),
  malformed('choices-null', { ...chatBody(MODEL, 'x', chatUsage(16, 9)), choices: null }),
  malformed('model-number', {
    ...chatBody(MODEL, 'Aye.', chatUsage(16, 9)),
    model: 42,
    id: null,
    service_tier: 7,
  }),
  malformed('empty-object', {}),
  malformed('json-null', null),
  malformed('json-list', []),
  malformed('json-broken', '{"choices":[{"message":{"role":"assistant","con'),
  malformed('json-nan', '{"choices":[],"usage":{"prompt_tokens":NaN,"completion_tokens":9}}'),
  malformed('html', '<!doctype html><title>Gateway</title><h1>Please sign in</h1>', {
    contentType: 'text/html',
  }),
  malformed('html-as-json', '<html><body>It works!</body></html>'),
  malformedStream('stream-without-choices', [
    { id: 'x' },
    {},
    { choices: null },
    ...textChunks(MODEL, 'Aye.'),
  ]),
  malformedStream('stream-usage-wrong', textChunks(MODEL, 'Aye, aye.'), {
    ...usageChunk(MODEL, {}),
    usage: { prompt_tokens: -1, completion_tokens: 'nine' },
  }),
  malformedStream('stream-usage-twice', [
    chatChunk(MODEL, { role: 'assistant', content: 'Aye' }),
    { ...chatChunk(MODEL, { content: '.' }, 'stop'), usage: chatUsage(16, 1) },
    usageChunk(MODEL, chatUsage(16, 2)),
  ]),
  rawStream('stream-empty', ''),
  rawStream('stream-done-only', 'data: [DONE]\n\n'),
  rawStream(
    'stream-unfinished',
    `data: ${JSON.stringify(chatChunk(MODEL, { role: 'assistant', content: 'A' }))}\n\n`,
  ),
  rawStream('stream-html', '<html><body>Please sign in</body></html>'),
  rawStream(
    'stream-comments',
    `: keep-alive\n\ndata: ${JSON.stringify(chatChunk(MODEL, { content: 'A' }, 'stop'))}\r\n\r\n: bye\n\ndata: [DONE]\n\n`,
  ),
  rawStream(
    'stream-error',
    'data: {"error":{"message":"The model stopped.","type":"server_error","code":null}}\n\n',
  ),
  jsonExchange(
    '/v1/responses',
    {
      id: 'malformed-responses-usage',
      covers: 'responses: negative, text and absent parts',
      request: { model: 'gpt-4.1', input: 'Malformed usage, please.' },
    },
    responseBody('gpt-4.1-2025-04-14', [{ type: 'message', content: null }], {
      usage: { input_tokens: -3, output_tokens: 'many', input_tokens_details: 5 },
    }),
  ),
  jsonExchange(
    '/v1/embeddings',
    {
      id: 'malformed-embeddings-usage',
      covers: 'embeddings without usage',
      request: { model: 'text-embedding-3-small', input: 'malformed' },
    },
    {
      object: 'list',
      model: 'text-embedding-3-small',
      data: [{ object: 'embedding', index: 0, embedding: [0.5] }],
    },
  ),
];

function request(name: string): JsonObject {
  return { model: 'gpt-4o-mini', messages: [{ role: 'user', content: `Answer badly, please: ${name}.` }] };
}

function badUsage(name: string, usage: unknown): OwnExchange {
  return malformed(`usage-${name}`, chatBody(MODEL, 'Aye, aye, captain.', usage));
}

function malformed(name: string, response: unknown, rest: { contentType?: string } = {}): OwnExchange {
  const described = { id: `malformed-${name}`, covers: `malformed: ${name}`, request: request(name) };
  return jsonExchange(PATH, { ...described, ...rest }, response);
}

function malformedStream(name: string, chunks: readonly JsonObject[], usage?: JsonObject): OwnExchange {
  const described = { id: `malformed-${name}`, covers: `malformed: ${name}` };
  return chunkedExchange(PATH, { ...described, request: { ...request(name), stream: true } }, chunks, usage);
}

function rawStream(name: string, response: string): OwnExchange {
  return { ...malformedStream(name, []), response };
}
