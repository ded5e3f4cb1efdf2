import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type OpenAI from 'openai';
import { type ApiRequest, budgetedClient, startApi } from '../support/budgeted-client.ts';

const NANO = { 'gpt-4o-mini': 10 * 150 + 5 * 600, 'gpt-4o': 10 * 2_500 + 5 * 10_000 } as const;

/** The headers of a JSON body. */
export const JSON_TYPE = { 'content-type': 'application/json' };

/** A service that keeps its own account, and a client whose calls are charged to a budget. */
export async function startNested(test: TestContext) {
  const api = await startApi(test, ({ body }: ApiRequest) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: body['model'],
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'yes' } }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  }));
  const budgeted = budgetedClient(api);
  const { client } = budgeted;
  const billed = (): number =>
    api.requests.reduce((sum, { body }) => sum + NANO[body['model'] as keyof typeof NANO], 0);
  const agrees = async (calls: number): Promise<void> => {
    const { nanoUsd, calls: charged, open } = await budgeted.ledger();
    assert.deepEqual([api.requests.length, charged, nanoUsd, open], [calls, calls, billed(), 0]);
  };
  /** For calls that cost more than their model says. */
  const agreesOnCalls = async (calls: number): Promise<void> => {
    const { calls: charged, open } = await budgeted.ledger();
    assert.deepEqual([api.requests.length, charged, open], [calls, calls, 0]);
  };
  const withFetch = (fetch: typeof globalThis.fetch): OpenAI => client.withOptions({ fetch });
  return { api, ...budgeted, withFetch, agrees, agreesOnCalls };
}

/** Asks a model. */
export function ask(
  client: OpenAI,
  model: keyof typeof NANO = 'gpt-4o-mini',
  content = 'Hello.',
): Promise<unknown> {
  return client.chat.completions.create({ model, max_tokens: 20, messages: [{ role: 'user', content }] });
}

/** Sends a request of Chat Completions, and reads its answer. */
export async function post(send: typeof fetch, url: string, body: object): Promise<void> {
  const response = await send(`${url}/chat/completions`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify(body),
  });
  await response.text();
}
