import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../support/exchange.ts';
import { runScript } from '../support/script-run.ts';

/** An answer that bills 900 output tokens of a call that was capped at 20. */
const LONG: Exchange = {
  id: 'long',
  provider: 'openai',
  path: '/v1/chat/completions',
  status: 200,
  contentType: 'application/json',
  stream: false,
  request: {},
  response: {
    id: 'c',
    object: 'chat.completion',
    model: 'gpt-4o-mini-2024-07-18',
    choices: [{ index: 0, finish_reason: 'length', message: { role: 'assistant', content: 'Low tide.' } }],
    usage: { prompt_tokens: 15, completion_tokens: 900 },
  },
};

test('a call that costs more than was reserved is a line on stderr, once, a metric and a log record', async () => {
  const { stderr, otlp, printed } = await runScript({
    script: `
for (let call = 0; call < 2; call++) await client.chat.completions.create({ ...CHAT, max_tokens: 20 }, replay('long'));
print(await budget().status());`,
    exchanges: [LONG],
    env: { TOKEN_BUDGET_USD: '1' },
  });
  const [status] = printed as { balances: { settled: { costNanoUsd: number } } }[];
  assert.equal(status?.balances.settled.costNanoUsd, 2 * (15 * 150 + 900 * 600));
  const lines = stderr.split('\n').filter((line) => line.includes('was reserved'));
  assert.equal(lines.length, 1, stderr);
  assert.match(
    lines[0] ?? '',
    /^otel-token-budget: a call to gpt-4o-mini cost \$0\.000\d+, where \$0\.0000\d+ was reserved: more output was billed than its cap; it was charged in full$/,
  );
  const metrics = otlp.metrics().filter(({ name }) => name === 'token_budget.exceeded_reservations');
  assert.equal(metrics.at(-1)?.value, 2);
  assert.deepEqual(metrics.at(-1)?.attributes['token_budget.reason'], 'output');
  const logs = otlp.logs().filter(({ eventName }) => eventName === 'token_budget.exceeded_reservation');
  assert.equal(logs.length, 2);
});

test('a PDF of few bytes and many tokens is denied by a budget that cannot pay for a context window', async () => {
  const { printed, server } = await runScript({
    script: `
const file_data = 'data:application/pdf;base64,' + Buffer.from('%PDF-1.7 a page').toString('base64');
const messages = [{ role: 'user', content: [{ type: 'file', file: { filename: 'a.pdf', file_data } }] }];
const sent = client.chat.completions.create({ ...CHAT, messages, max_tokens: 20 }, replay('long'));
print(await sent.catch(failure));`,
    exchanges: [LONG],
    env: { TOKEN_BUDGET_USD: '0.01' },
  });
  const [error] = printed as { code?: string }[];
  assert.equal(error?.code, 'token_budget_exceeded');
  assert.equal(server.account.length, 0);
});
