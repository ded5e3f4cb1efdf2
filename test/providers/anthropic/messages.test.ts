import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type BudgetEvent, BudgetExceededError } from '../../../src/budget/index.ts';
import {
  ChatChunkTranslator,
  chatRequestOfMessages,
  chatUsageOf,
  outgoingMessagesBody,
} from '../../../src/providers/anthropic/messages.ts';
import { boundInput, countInput } from '../../../src/tokens/index.ts';
import { readUsage, tokenUsage } from '../../../src/usage/index.ts';
import { MESSAGES, startBudgetedFetch } from '../../clients/budgeted-fetch.ts';
import { messagesExchanges } from '../../exchanges/index.ts';
import { billOf } from '../../support/bill.ts';

const PATH = '/v1/messages';

describe('Anthropic’s Messages through budgetFetch', { concurrency: 4 }, () => {
  it('are charged what the service bills, streamed or not', async (t) => {
    const { post, server, balances } = await startBudgetedFetch(t);
    for (const { id, expected, request } of messagesExchanges) {
      if (expected === undefined) continue;
      const before = balances().settled.tokens;
      await (await post(PATH, request, id)).text();
      assert.equal(balances().settled.tokens - before, expected.input + expected.output, id);
    }
    assert.deepEqual(balances().settled, billOf(server.account));
    assert.equal(balances().open, 0);
  });

  it('are sent unchanged except for a lowered cap', async (t) => {
    const { post, server } = await startBudgetedFetch(t, { tokens: 2_000 });
    await (await post(PATH, MESSAGES, 'messages-plain')).text();
    await (await post(PATH, { ...MESSAGES, max_tokens: 64_000 }, 'messages-plain')).text();
    const [original, lowered] = server.account.map(({ body }) => body);
    assert.deepEqual(original, MESSAGES);
    assert.ok(Number(lowered?.['max_tokens']) < 2_000);
    assert.deepEqual({ ...lowered, max_tokens: 200 }, MESSAGES);
  });

  it('are refused before they are sent', async (t) => {
    const { post, server } = await startBudgetedFetch(t, { costUsd: 0.000001 });
    await assert.rejects(post(PATH, MESSAGES), BudgetExceededError);
    assert.equal(server.account.length, 0);
  });

  it('are charged in full if a stream fails before it reports its output', async (t) => {
    const { post, balances, tracker } = await startBudgetedFetch(t);
    const events: BudgetEvent[] = [];
    tracker.on((event) => events.push(event));
    await (await post(PATH, { ...MESSAGES, stream: true }, 'messages-stream-cut')).text();
    assert.ok(balances().settled.tokens >= MESSAGES.max_tokens);
    const missing = events.find(({ type }) => type === 'usage_missing');
    assert.partialDeepStrictEqual(missing, { charged: 'reservation', model: MESSAGES.model });
  });
});

describe('the usage of Messages in OpenAI’s terms', () => {
  it('includes cache reads and writes in the input', () => {
    const { usage, problems } = readUsage(
      chatUsageOf({
        input_tokens: 20,
        cache_read_input_tokens: 1_200,
        cache_creation_input_tokens: 400,
        output_tokens: 9,
      }),
    );
    assert.deepEqual(usage, tokenUsage({ input: 1_620, cachedInput: 1_200, cacheWrite: 400, output: 9 }));
    assert.deepEqual(problems, []);
  });

  for (const invalid of [-1, '20', Number.NaN, 1.5, {}, true]) {
    it(`is implausible if a part is ${JSON.stringify(invalid)}`, () => {
      const read = readUsage(
        chatUsageOf({ input_tokens: 20, cache_read_input_tokens: invalid, output_tokens: 9 }),
      );
      assert.ok(read.problems.length > 0);
      assert.ok(!read.inputKnown || read.usage.cachedInput === 0);
    });
  }

  it('is unknown if it is absent, and until the end of a stream', () => {
    assert.equal(readUsage(chatUsageOf(undefined)).inputKnown, false);
    const chunks = new ChatChunkTranslator();
    const start = {
      type: 'message_start',
      message: { id: 'm', usage: { input_tokens: 9, output_tokens: 1 } },
    };
    assert.equal('usage' in (chunks.translate(start) as object), false);
    const end = chunks.translate({
      type: 'message_delta',
      delta: {},
      usage: { output_tokens: 30, input_tokens: null },
    });
    const { usage } = readUsage((end as { usage: unknown }).usage);
    assert.deepEqual(usage, tokenUsage({ input: 9, output: 30 }));
  });

  for (const event of [
    undefined,
    null,
    3,
    [],
    {},
    { type: 'ping' },
    { type: 'message_start' },
    { type: 'content_block_delta' },
  ]) {
    it(`ignores ${JSON.stringify(event)}`, () =>
      assert.doesNotThrow(() => new ChatChunkTranslator().translate(event)));
  }
});

describe('the input of Messages', () => {
  const input = (rest: object) => countInput('chat', chatRequestOfMessages({ ...MESSAGES, ...rest }));

  it('is bounded by its bytes only, since Claude’s tokenizer is not published', () => {
    const request = chatRequestOfMessages({ ...MESSAGES, system: 'Be brief. '.repeat(50) });
    assert.equal(countInput('chat', request).upper, boundInput('chat', request).upper);
    assert.ok(countInput('chat', request).upper > 500);
  });

  it('includes every part of the request', () => {
    const plain = input({}).upper;
    const block = (content: object) => input({ messages: [{ role: 'user', content: [content] }] }).upper;
    const long = 'word '.repeat(200);
    assert.ok(input({ system: long }).upper > plain + 900);
    assert.ok(input({ system: [{ type: 'text', text: long }] }).upper > plain + 900);
    assert.ok(block({ type: 'tool_result', tool_use_id: 't', content: long }) > 1_000);
    assert.ok(
      block({ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: long }] }) > 1_000,
    );
    assert.ok(block({ type: 'tool_use', name: 'n', input: { long } }) > 1_000);
    assert.ok(block({ type: 'thinking', thinking: long, signature: 's' }) > 1_000);
    assert.ok(block({ type: 'document', source: { type: 'text', data: long } }) > 1_000);
    assert.ok(block({ type: 'image', source: { type: 'url', url: 'https://example.org/a.png' } }) > 4_700);
    assert.ok(input({ tools: [{ name: 'n', description: long, input_schema: {} }] }).upper > plain + 1_300);
  });

  it('is incomplete if the service adds input', () => {
    assert.equal(input({}).complete, true);
    assert.equal(input({ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }).complete, false);
    const content = [{ type: 'document', source: { type: 'url', url: 'https://example.org/a.pdf' } }];
    assert.equal(input({ messages: [{ role: 'user', content }] }).complete, false);
    const source = { type: 'base64', media_type: 'application/pdf', data: btoa('%PDF-1.7') };
    const pdf = { type: 'document', source };
    for (const block of [pdf, { type: 'tool_result', tool_use_id: 't', content: [pdf] }])
      assert.equal(input({ messages: [{ role: 'user', content: [block] }] }).opaque, true);
  });
});

describe('a lowered cap of Messages', () => {
  const thinking = { type: 'enabled', budget_tokens: 8_000 };

  it('keeps the thinking budget below it', () => {
    assert.deepEqual(outgoingMessagesBody({ max_tokens: 9_000, thinking }, 4_000), {
      max_tokens: 4_000,
      thinking: { ...thinking, budget_tokens: 3_999 },
    });
    assert.deepEqual(outgoingMessagesBody({ max_tokens: 20_000, thinking }, 9_000), {
      max_tokens: 9_000,
      thinking,
    });
    // Below the minimum of the API, the API rejects the request.
    assert.deepEqual(outgoingMessagesBody({ max_tokens: 9_000, thinking }, 500), {
      max_tokens: 500,
      thinking,
    });
  });

  it('leaves the caller’s body unchanged if there is none', () => {
    const body = { max_tokens: 9_000 };
    assert.equal(outgoingMessagesBody(body, undefined), body);
  });
});
