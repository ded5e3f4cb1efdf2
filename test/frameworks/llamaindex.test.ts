import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRefusedAtOnce, runFramework } from './refusals.ts';

const SCRIPT = `
import { OpenAI, OpenAIEmbedding } from '@llamaindex/openai';
// The newest openai of the application beside the older one that the framework brings.
import NewestOpenAI from 'openai';

const options = { apiKey: 'sk-secret-key', baseURL: url + '/v1' };
const llm = new OpenAI({ model: 'gpt-4.1-nano', ...options });
const messages = [{ role: 'user', content: 'How warm is it in Nuuk?' }];
const ways = [
  async () => (await llm.chat({ messages })).message.content,
  async () => {
    let text = '';
    for await (const { delta } of await llm.chat({ messages, stream: true })) text += delta;
    return text;
  },
  async () => (await new OpenAIEmbedding({ model: 'text-embedding-3-small', ...options }).getTextEmbedding('Nuuk')).length,
  async () => (await new NewestOpenAI(options).responses.create({ model: 'gpt-4.1-nano', input: 'Hm?' })).output_text,
];
`;

test('@llamaindex/openai: its own copy of openai is charged and refused like the application’s', async () => {
  const { answers, refusals, server } = await runFramework({ script: SCRIPT, calls: 4 });
  const agents = server.account.map(({ headers }) => headers['user-agent']);
  assert.equal(new Set(agents).size, 2, String(agents));
  for (const answer of answers) assert.match(String(answer), /\w/);
  assert.equal(refusals.length, 4);
  assertRefusedAtOnce(refusals);
});
