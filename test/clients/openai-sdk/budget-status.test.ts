import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { getBudgetStatusMessage } from '../../../src/budget/index.ts';
import { withBudgetStatus } from '../../../src/clients/openai-sdk/budget-status.ts';
import { instrumentClient } from '../../../src/clients/openai-sdk/instrument-client.ts';
import { withBudget } from '../../../src/telemetry/context/current-budget.ts';
import { countInput } from '../../../src/tokens/index.ts';
import { chatExchange, responsesExchange, serviceOf, trackerOf } from '../../jobs/support.ts';
import { runScript } from '../../support/script-run.ts';

const system = { role: 'system', content: 'You are brief.' };
const user = (content: string) => ({ role: 'user', content });

describe('withBudgetStatus', () => {
  it('appends a developer message and does not change the given body', async () => {
    const tracker = trackerOf({ tokens: 1_000 });
    const body = { model: 'gpt-5.2', messages: [system, user('Hello')] };
    const updated = await withBudgetStatus(body, { tracker, format: 'compact' });
    assert.deepEqual(updated.messages.slice(0, -1), body.messages);
    assert.deepEqual(updated.messages.at(-1), {
      role: 'developer',
      content: getBudgetStatusMessage(await tracker.status(), { format: 'compact' }),
    });
    assert.equal(body.messages.length, 2);
  });

  it('keeps the prefix byte-identical from turn to turn, and never accumulates', async () => {
    for (const field of ['messages', 'input'] as const) {
      const tracker = trackerOf({ tokens: 100_000 });
      let turns: unknown[] = [system, user('Go on.')];
      let before = '';
      for (let turn = 0; turn < 6; turn += 1) {
        const updated: Record<string, unknown> = await withBudgetStatus(
          { model: 'gpt-5.2', [field]: turns },
          { tracker },
        );
        const list = updated[field] as { role: string }[];
        assert.equal(list.filter(({ role }) => role === 'developer').length, 1);
        const prefix = JSON.stringify(list.slice(0, -1));
        assert.ok(prefix.startsWith(before), `turn ${turn}`);
        before = prefix.slice(0, -1);
        // The program keeps what it sent as its conversation, our message included.
        turns = [...list, { role: 'assistant', content: `turn ${turn}` }];
        await tracker.recordUsage({ model: 'gpt-5.2', usage: { input: 500, output: 100 } });
      }
    }
  });

  it('turns an input text into a list, and removes an earlier message in parts', async () => {
    const tracker = trackerOf({ tokens: 1_000 });
    const updated = await withBudgetStatus<{ input: unknown }>({ input: 'Hello' }, { tracker });
    const input = updated.input as { role: string; content: string }[];
    assert.deepEqual(input[0], user('Hello'));
    assert.equal(input.length, 2);
    const parts = { role: 'developer', content: [{ type: 'input_text', text: input[1]?.content }] };
    const theirs = { role: 'developer', content: 'Be kind.' };
    const again = await withBudgetStatus<{ input: unknown }>(
      { input: [user('Hello'), parts, theirs] },
      { tracker },
    );
    assert.deepEqual((again.input as unknown[]).slice(0, 2), [user('Hello'), theirs]);
  });

  it('leaves a body unchanged that continues a stored response or conversation', async () => {
    const tracker = trackerOf({ tokens: 1_000 });
    for (const kept of [{ previous_response_id: 'resp_1' }, { conversation: 'conv_1' }]) {
      const body = { input: 'Go on.', ...kept };
      assert.deepEqual(await withBudgetStatus(body, { tracker }), body);
    }
  });

  it('uses the current budget, and rejects what it cannot use', async () => {
    const tracker = trackerOf({ tokens: 1_000 });
    const updated = await withBudget(tracker, () => withBudgetStatus({ messages: [] as unknown[] }));
    assert.equal(updated.messages.length, 1);
    await assert.rejects(
      withBudgetStatus({ messages: [] }),
      /tracker: got nothing, and there is no current budget/,
    );
    await assert.rejects(
      withBudgetStatus({ prompt: 'Hello' }, { tracker }),
      /body: got neither, expected messages/,
    );
  });
});

describe('a client with a budget status', () => {
  it('sends the message last, and reserves for its tokens', async (t) => {
    const { server, client } = await serviceOf(t, [
      chatExchange('chat', 'Hello', { input: 40, output: 5 }),
      responsesExchange('responses', 'Hello', { input: 40, output: 5 }),
    ]);
    const tracker = trackerOf({ tokens: 10_000 });
    const informed = instrumentClient(client(), { tracker, budgetStatus: 'text' });
    const plain = instrumentClient(client(), { tracker });
    const reserved: number[] = [];
    const look = (): void => {
      void Promise.resolve(tracker.status()).then(({ balances }) => reserved.push(balances.reserved.tokens));
    };
    const body = {
      model: 'gpt-5.2',
      max_tokens: 50,
      messages: [user('Hello') as { role: 'user'; content: string }],
    };
    for (const one of [plain, informed]) {
      const call = one.chat.completions.create(body, { headers: { 'x-replay-id': 'chat' } });
      await turn();
      look();
      await call;
    }
    const headers = { 'x-replay-id': 'responses' };
    await informed.responses.create({ model: 'gpt-5.2', input: 'Hello', max_output_tokens: 50 }, { headers });
    const sent = server.account.map(
      (entry) => (entry.body?.['messages'] ?? entry.body?.['input']) as { role: string; content: string }[],
    );
    assert.deepEqual(sent[0], body.messages);
    for (const list of sent.slice(1)) {
      assert.deepEqual(
        list.map(({ role }) => role),
        ['user', 'developer'],
      );
      assert.match(list[1]?.content ?? '', /^\[token-budget\] Used /);
    }
    const extra = countInput('chat', { ...body, messages: [sent[1]?.[1]] }).tokens - 3;
    assert.equal(reserved.length, 2);
    assert.ok((reserved[1] ?? 0) - (reserved[0] ?? 0) >= extra, `${reserved} for ${extra} more`);
  });

  it('does so under the preload only if it is configured', async () => {
    const script = `
      const messages = [{ role: 'user', content: 'The tides at Brest today, in one line.' }];
      await client.chat.completions.create({ model: 'gpt-4o-mini', messages }, replay('chat-plain'));
      await client.chat.completions.create({ model: 'gpt-4o-mini', messages }, replay('chat-plain'));
      print(messages.length);`;
    for (const [status, roles] of [
      ['compact', ['user', 'developer']],
      ['', ['user']],
    ] as const) {
      const { printed, server, stderr } = await runScript({
        script,
        env: { TOKEN_BUDGET_USD: '1', TOKEN_BUDGET_STATUS: status },
      });
      assert.deepEqual([printed, stderr], [[1], '']);
      for (const { body } of server.account) {
        assert.deepEqual(
          ((body?.['messages'] ?? []) as { role: string }[]).map(({ role }) => role),
          roles,
        );
      }
    }
    const wrong = await runScript({ script, env: { TOKEN_BUDGET_STATUS: 'loud' } });
    assert.equal(wrong.code, 78);
    assert.match(wrong.stderr, /TOKEN_BUDGET_STATUS: got "loud", expected off, text or compact/);
  });
});
