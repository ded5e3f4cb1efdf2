import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRefusedAtOnce, runFramework } from './refusals.ts';

const SCRIPT = `
import { Agent, OpenAIProvider, Runner, retryPolicies, tool } from '@openai/agents';
import OpenAI from 'openai';
import { z } from 'zod';

const openAIClient = new OpenAI({ baseURL: url + '/v1' });
const weather = tool({
  name: 'weather_at',
  description: 'The temperature at a place, now.',
  parameters: z.object({ place: z.string() }),
  execute: async () => '4 °C',
});
const agent = (rest = {}) => new Agent({ name: 'Clerk', instructions: 'In one line.', model: 'gpt-4.1-nano', tools: [weather], ...rest });
const runner = (useResponses) =>
  new Runner({ modelProvider: new OpenAIProvider({ openAIClient, useResponses }), tracingDisabled: true });
const whole = async (useResponses, rest) =>
  (await runner(useResponses).run(agent(rest), 'How warm is it in Nuuk?')).finalOutput;
const streamed = async (useResponses) => {
  const run = await runner(useResponses).run(agent(), 'How warm is it in Nuuk?', { stream: true });
  for await (const _ of run);
  await run.completed;
  return run.finalOutput;
};
const ways = [() => whole(true), () => streamed(true), () => whole(false), () => streamed(false)];
`;

test('@openai/agents: each turn is charged, and a refusal ends the run at once', async () => {
  const { answers, refusals } = await runFramework({
    script: SCRIPT,
    calls: 8,
    // Its own retries, asked for where they make sense.
    refusedWays: `() => whole(true, {
      modelSettings: {
        retry: { maxRetries: 3, backoff: { initialDelayMs: 1 }, policy: retryPolicies.any(retryPolicies.networkError(), retryPolicies.providerSuggested(), retryPolicies.httpStatus([429, 500])) },
      },
    })`,
  });
  for (const answer of answers) assert.match(String(answer), /\w/);
  assert.equal(answers.length, 4);
  assert.equal(refusals.length, 5);
  assertRefusedAtOnce(refusals);
});
