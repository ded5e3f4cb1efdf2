import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Attributes, logs } from '@opentelemetry/api';
import { budgetedClient, eventStream, startApi } from '../support/budgeted-client.ts';

const MESSAGES = [{ role: 'user' as const, content: 'Hm?' }];
const usage = { input_tokens: 10, output_tokens: 20, total_tokens: 30 };

function output(span: Attributes | undefined): unknown {
  return JSON.parse(String(span?.['gen_ai.output.messages']));
}

test('a stream of two answers is two messages, with the calls of tools as parts', async (t) => {
  const chunk = (index: number, delta: object, finish_reason: string | null = null) => ({
    choices: [{ index, delta, finish_reason }],
  });
  const fn = (rest: object) => ({ tool_calls: [{ index: 0, ...rest }] });
  const api = await startApi(t, () =>
    eventStream([
      chunk(0, { role: 'assistant', content: 'I’m' }),
      chunk(1, fn({ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a"' } })),
      chunk(0, { content: ' unable' }),
      chunk(1, fn({ function: { arguments: ':1}' } })),
      chunk(0, {}, 'stop'),
      chunk(1, {}, 'tool_calls'),
    ]),
  );
  const { client, spans } = budgetedClient(api, { captureContent: true });
  const request = { model: 'gpt-4o', messages: MESSAGES, stream: true as const, n: 2 };
  for await (const _ of await client.chat.completions.create(request)) {
    // Read to the end.
  }
  assert.deepEqual(output(spans[0]), [
    { role: 'assistant', parts: [{ type: 'text', content: 'I’m unable' }], finish_reason: 'stop' },
    {
      role: 'assistant',
      parts: [{ type: 'tool_call', id: 'c', name: 'f', arguments: { a: 1 } }],
      finish_reason: 'tool_calls',
    },
  ]);
});

test('a stream of Responses is one message with the finish reason of the response', async (t) => {
  const response = {
    id: 'resp_1',
    object: 'response',
    model: 'gpt-5.2',
    status: 'completed',
    output: [
      { type: 'reasoning', summary: [] },
      { type: 'web_search_call', id: 'ws', action: { type: 'search', query: 'q' } },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello' }] },
    ],
    usage,
  };
  const api = await startApi(t, () =>
    eventStream([
      { type: 'response.output_text.delta', output_index: 2, content_index: 0, delta: 'Hello' },
      { type: 'response.completed', response },
    ]),
  );
  const { client, spans } = budgetedClient(api, { captureContent: true });
  for await (const _ of await client.responses.create({ model: 'gpt-5.2', input: 'Hm?', stream: true })) {
    // Read to the end.
  }
  assert.deepEqual(output(spans[0]), [
    {
      role: 'assistant',
      parts: [
        {
          type: 'server_tool_call',
          id: 'ws',
          name: 'web_search',
          server_tool_call: { type: 'web_search', action: { type: 'search', query: 'q' } },
        },
        { type: 'text', content: 'Hello' },
      ],
      finish_reason: 'stop',
    },
  ]);
});

test('without the opt-in a span carries no content', async (t) => {
  const api = await startApi(t, () => eventStream([{ choices: [{ index: 0, delta: { content: 'x' } }] }]));
  const { client, spans } = budgetedClient(api);
  const tools = [{ type: 'function' as const, function: { name: 'f' } }];
  const request = { model: 'gpt-4o', messages: MESSAGES, tools, stream: true as const };
  for await (const _ of await client.chat.completions.create(request)) {
    // Read to the end.
  }
  for (const name of ['input.messages', 'output.messages', 'tool.definitions', 'system_instructions'])
    assert.equal(spans[0]?.[`gen_ai.${name}`], undefined);
});

/** Collects what is logged until the test ends. */
function collectLogs(t: TestContext): Record<string, unknown>[] {
  const records: Record<string, unknown>[] = [];
  const logger = { emit: (record: object) => void records.push({ ...record }), enabled: () => true };
  logs.setGlobalLoggerProvider({ getLogger: () => logger });
  t.after(() => logs.disable());
  return records;
}

test('a call that fails has an event with the class of its error', async (t) => {
  const records = collectLogs(t);
  const text = '{"error":{"message":"secret"}}';
  const api = await startApi(t, () => ({ text, type: 'application/json', status: 429 }));
  const { client } = budgetedClient(api);
  await assert.rejects(client.chat.completions.create({ model: 'gpt-4o', messages: MESSAGES }));
  const exceptions = records.filter(({ eventName }) => eventName === 'gen_ai.client.operation.exception');
  assert.deepEqual(
    exceptions.map(({ severityNumber, attributes }) => [severityNumber, attributes]),
    [[13, { 'exception.type': 'RateLimitError' }]],
  );
});

test('the event of a call has its content as objects, and the span has none', async (t) => {
  const records = collectLogs(t);
  const api = await startApi(t, ({ path }) =>
    path === '/embeddings'
      ? { object: 'list', model: 'text-embedding-3-small', data: [], usage: { prompt_tokens: 9 } }
      : {
          id: 'chatcmpl-1',
          model: 'gpt-4o-2024-08-06',
          choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 10, completion_tokens: 20 },
        },
  );
  const { client, spans } = budgetedClient(api, { contentEvents: true });
  await client.embeddings.create({ model: 'text-embedding-3-small', input: 'Hm?' });
  await client.chat.completions.create({ model: 'gpt-4o', messages: MESSAGES, temperature: 0.5 });
  const [record, ...others] = records;
  assert.deepEqual(others, []);
  assert.equal(record?.['eventName'], 'gen_ai.client.inference.operation.details');
  assert.equal(record['severityNumber'], 5);
  const attributes = record['attributes'] as Record<string, unknown>;
  const expected = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.temperature': 0.5,
    'gen_ai.response.id': 'chatcmpl-1',
    'gen_ai.usage.input_tokens': 10,
    'gen_ai.input.messages': [{ role: 'user', parts: [{ type: 'text', content: 'Hm?' }] }],
    'gen_ai.output.messages': [
      { role: 'assistant', parts: [{ type: 'text', content: 'Hello' }], finish_reason: 'stop' },
    ],
    'gen_ai.tool.definitions': undefined,
  };
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(attributes[name], value, name);
  assert.equal(spans.length, 2);
  assert.equal(spans[1]?.['gen_ai.input.messages'], undefined);
  assert.equal(spans[1]?.['gen_ai.output.messages'], undefined);
});
