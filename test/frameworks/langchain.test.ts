import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRefusedAtOnce, runFramework } from './refusals.ts';

const SCRIPT = `
import { tool } from '@langchain/core/tools';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { createAgent, modelRetryMiddleware } from 'langchain';
import { z } from 'zod';

const weather = tool(async () => '4 °C', {
  name: 'weather_at',
  description: 'The temperature at a place, now.',
  schema: z.object({ place: z.string() }),
});
const configuration = { baseURL: url + '/v1' };
const llm = new ChatOpenAI({ model: 'gpt-4.1-nano', configuration });
const question = { messages: [{ role: 'user', content: 'How warm is it in Nuuk?' }] };
const tools = [weather];
const graph = createReactAgent({ llm, tools });
const lastOf = ({ messages }) => messages.at(-1).text;
const joined = async (chunks) => {
  let text = '';
  for await (const chunk of chunks) text += (Array.isArray(chunk) ? chunk[0] : chunk).text;
  return text;
};
const ways = [
  async () => lastOf(await graph.invoke(question)),
  async () => joined(await graph.stream(question, { streamMode: 'messages' })),
  async () => lastOf(await createAgent({ model: llm, tools }).invoke(question)),
  async () => joined(await llm.stream('How warm is it in Nuuk?')),
  async () => (await new ChatOpenAI({ model: 'gpt-4.1-nano', useResponsesApi: true, configuration }).invoke('Hm?')).text,
  async () => (await new OpenAIEmbeddings({ model: 'text-embedding-3-small', configuration }).embedQuery('Nuuk')).length,
];
const retry = { maxRetries: 3, initialDelayMs: 1, onFailure: 'error' };
const guarded = createAgent({ model: llm, tools, middleware: [modelRetryMiddleware(retry)] });
const failFast = (error) => {
  if (error.code === 'token_budget_exceeded') throw error;
};
`;

test('@langchain/openai and LangGraph: each turn is charged, and a refusal is not repeated', async () => {
  const { answers, refusals } = await runFramework({
    script: SCRIPT,
    calls: 9,
    refusedWays: `
      () => llm.withRetry({ stopAfterAttempt: 3, onFailedAttempt: failFast }).invoke('Hm?'),
      () => guarded.invoke(question),`,
  });
  assert.equal(answers.length, 6);
  for (const answer of answers) assert.match(String(answer), /\w/);
  assert.equal(refusals.length, 8);
  assertRefusedAtOnce(refusals.slice(0, 7));
  // What passes a middleware of LangChain is wrapped by it, whatever it is.
  assert.equal(refusals[7]?.is, 'cause');
  assert.equal(refusals[7]?.denials, 1);
});
