import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inputContent, outputMessages } from '../../src/calls/content/index.ts';
import { parseResponse, StreamReader } from '../../src/providers/openai/index.ts';
import { planOf } from '../support/call-plans.ts';
import type { Exchange } from '../support/exchange.ts';
import { isObject } from '../support/json.ts';
import { loadRecordings, recordingsMissing } from '../support/recordings.ts';
import { eventsOf } from '../support/sse.ts';

const PATHS = ['/v1/chat/completions', '/v1/responses', '/v1/completions'];
const recordings = loadRecordings();
const exchanges = (recordings ?? []).filter(({ path, status }) => PATHS.includes(path) && status === 200);

/** The fields that a part must have besides its type, by gen-ai-output-messages.json. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  text: ['content'],
  reasoning: ['content'],
  refusal: ['content'],
  tool_call: ['name'],
  tool_call_response: ['response'],
  server_tool_call: ['name', 'server_tool_call'],
  server_tool_call_response: ['server_tool_call_response'],
};

interface Read {
  readonly response: unknown;
  readonly finishReasons: readonly string[];
}

function read({ path, stream, response }: Exchange): Read {
  const { endpoint } = planOf(path.slice('/v1'.length), {});
  if (!stream) return { response, finishReasons: parseResponse(response, endpoint).finishReasons };
  const reader = new StreamReader(endpoint, undefined, true);
  for (const event of eventsOf(String(response))) reader.read(event);
  return { response: reader.assembled, finishReasons: reader.response().finishReasons };
}

/** The names of the tools that the program has to call, by another way of reading. */
function calledTools({ stream, response }: Exchange): string[] {
  const names: string[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isObject(value)) return;
    const { type, name, call_id: callId, function: fn = value['function_call'] } = value;
    if ((type === 'function_call' || type === 'custom_tool_call') && callId !== undefined)
      names.push(String(name));
    if (isObject(fn) && typeof fn['name'] === 'string') names.push(fn['name']);
    for (const one of [
      value['choices'],
      value['message'],
      value['delta'],
      value['tool_calls'],
      value['output'],
    ])
      visit(one);
  };
  if (!stream) visit(response);
  else
    for (const event of eventsOf(String(response)))
      visit(
        event['type'] === undefined ? event : event['type'] === 'response.completed' ? event['response'] : {},
      );
  return names;
}

describe('captured content of recordings', { skip: recordings ? false : recordingsMissing }, () => {
  it('has no empty message, and every part has what the schema asks', () => {
    for (const exchange of exchanges) {
      const { response, finishReasons } = read(exchange);
      const { messages } = inputContent(planOf(exchange.path.slice('/v1'.length), exchange.request));
      for (const { role, parts } of [...messages, ...outputMessages(response, finishReasons)]) {
        assert.ok(role !== '' && parts.length > 0, exchange.id);
        for (const part of parts)
          for (const field of REQUIRED[part.type] ?? [])
            assert.ok(
              part[field] !== undefined && part[field] !== '',
              `${exchange.id}: ${part.type}.${field}`,
            );
      }
    }
  });

  it('has a message for each choice, and one for the output of Responses', () => {
    for (const exchange of exchanges) {
      const { response, finishReasons } = read(exchange);
      const messages = outputMessages(response, finishReasons);
      const { n = 1 } = exchange.request;
      assert.ok(messages.length <= (exchange.path === '/v1/responses' ? 1 : Number(n)), exchange.id);
      for (const { finish_reason } of messages)
        assert.ok(finish_reason !== undefined || finishReasons.length === 0, exchange.id);
    }
  });

  it('has every call of a tool as a part', () => {
    let calls = 0;
    for (const exchange of exchanges) {
      const { response, finishReasons } = read(exchange);
      const parts = outputMessages(response, finishReasons).flatMap((message) => message.parts);
      const ofType = (type: string): string[] =>
        parts.flatMap((part) => (part.type === type ? [String(part['name'])] : []));
      const expected = calledTools(exchange).sort();
      const hosted = new Set(['computer', 'local_shell', 'shell', 'apply_patch', 'tool_search', 'roll']);
      assert.deepEqual(
        ofType('tool_call')
          .filter((name) => !hosted.has(name))
          .sort(),
        expected,
        exchange.id,
      );
      calls += expected.length;
    }
    assert.ok(calls > 50);
  });

  it('of Responses that end in a call of a tool has tool_call as finish reason', () => {
    const reasons = exchanges
      .filter((exchange) => exchange.path === '/v1/responses' && calledTools(exchange).length > 0)
      .map((exchange) => read(exchange).finishReasons);
    assert.ok(reasons.length > 20);
    for (const reason of reasons) assert.ok(reason.length === 0 || reason[0] === 'tool_call', String(reason));
  });
});
