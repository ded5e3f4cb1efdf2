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
import { budgeted, MESSAGES } from '../../clients/budgeted-fetch.ts';
import { messagesExchanges } from '../../exchanges/index.ts';
import { billOf } from '../../support/bill.ts';

const PATH = '/v1/messages';

describe('Anthropic’s Messages through budgetFetch', { concurrency: 4 }, () => {
  it('are charged what the service bills, whole and streamed', async (t) => {
    const { post, server, balances } = await budgeted(t);
    for (const { id, expected, request } of messagesExchanges) {
      if (expected === undefined) continue;
      const before = balances().settled.tokens;
      await (await post(PATH, request, id)).text();
      assert.equal(balances().settled.tokens - before, expected.input + expected.output, id);
    }
    assert.deepEqual(balances().settled, billOf(server.account));
    assert.equal(balances().open, 0);
  });

  it('are sent as they are, but for a lower cap', async (t) => {
    const { post, server } = await budgeted(t, { tokens: 2_000 });
    await (await post(PATH, MESSAGES, 'messages-plain')).text();
    await (await post(PATH, { ...MESSAGES, max_tokens: 64_000 }, 'messages-plain')).text();
    const [asked, lowered] = server.account.map(({ body }) => body);
    assert.deepEqual(asked, MESSAGES);
    assert.ok(Number(lowered?.['max_tokens']) < 2_000);
    assert.deepEqual({ ...lowered, max_tokens: 200 }, MESSAGES);
  });

  it('are refused before they are sent', async (t) => {
    const { post, server } = await budgeted(t, { costUsd: 0.000001 });
    await assert.rejects(post(PATH, MESSAGES), BudgetExceededError);
    assert.equal(server.account.length, 0);
  });

  it('are charged in full where a stream fails before it tells its output', async (t) => {
    const { post, balances, tracker } = await budgeted(t);
    const events: BudgetEvent[] = [];
    tracker.on((event) => events.push(event));
    await (await post(PATH, { ...MESSAGES, stream: true }, 'messages-stream-cut')).text();
    assert.ok(balances().settled.tokens >= MESSAGES.max_tokens);
    const missing = events.find(({ type }) => type === 'usage_missing');
    assert.partialDeepStrictEqual(missing, { charged: 'reservation', model: MESSAGES.model });
  });
});

describe('the usage of Messages in OpenAI’s terms', () => {
  it('has what the cache read and wrote in its input', () => {
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

  for (const wrong of [-1, '20', Number.NaN, 1.5, {}, true]) {
    it(`is not believed where a part is ${JSON.stringify(wrong)}`, () => {
      const read = readUsage(
        chatUsageOf({ input_tokens: 20, cache_read_input_tokens: wrong, output_tokens: 9 }),
      );
      assert.ok(read.problems.length > 0);
      assert.ok(!read.inputKnown || read.usage.cachedInput === 0);
    });
  }

  it('is unknown where it is absent, and of a stream until its end', () => {
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
    it(`passes over ${JSON.stringify(event)}`, () =>
      assert.doesNotThrow(() => new ChatChunkTranslator().translate(event)));
  }
});

describe('the input of Messages', () => {
  const input = (rest: object) => countInput('chat', chatRequestOfMessages({ ...MESSAGES, ...rest }));

  it('is bounded by its bytes alone: the encoding of Claude is not published', () => {
    const request = chatRequestOfMessages({ ...MESSAGES, system: 'Be brief. '.repeat(50) });
    assert.equal(countInput('chat', request).upper, boundInput('chat', request).upper);
    assert.ok(countInput('chat', request).upper > 500);
  });

  it('has everything that stands in the request', () => {
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

  it('is more than that where the service adds some', () => {
    assert.equal(input({}).complete, true);
    assert.equal(input({ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }).complete, false);
    const content = [{ type: 'document', source: { type: 'url', url: 'https://example.org/a.pdf' } }];
    assert.equal(input({ messages: [{ role: 'user', content }] }).complete, false);
  });
});

describe('a lower cap of Messages', () => {
  const thinking = { type: 'enabled', budget_tokens: 8_000 };

  it('keeps the budget for thinking below it', () => {
    assert.deepEqual(outgoingMessagesBody({ max_tokens: 9_000, thinking }, 4_000), {
      max_tokens: 4_000,
      thinking: { ...thinking, budget_tokens: 3_999 },
    });
    assert.deepEqual(outgoingMessagesBody({ max_tokens: 20_000, thinking }, 9_000), {
      max_tokens: 9_000,
      thinking,
    });
    // Under the least that the API takes it is for the API to refuse.
    assert.deepEqual(outgoingMessagesBody({ max_tokens: 9_000, thinking }, 500), {
      max_tokens: 500,
      thinking,
    });
  });

  it('leaves the caller’s body alone where there is none', () => {
    const body = { max_tokens: 9_000 };
    assert.equal(outgoingMessagesBody(body, undefined), body);
  });
});
