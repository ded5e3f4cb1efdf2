/**
 * An application under test: sends the requests of a list, one after another, through the openai SDK that it is given, and prints
 * what became of each as JSON. It knows nothing of budgets; the ledger is printed at the end where there is one.
 *
 * Environment: REPLAY_LIST (path of a JSON list of { id, path, stream, request }), REPLAY_URL (`http://host:port`).
 */
import { readFileSync } from 'node:fs';

const RESOURCES = {
  '/v1/chat/completions': (client) => client.chat.completions,
  '/v1/responses': (client) => client.responses,
  '/v1/completions': (client) => client.completions,
  '/v1/embeddings': (client) => client.embeddings,
};

export async function replay({ OpenAI, AzureOpenAI }) {
  const list = JSON.parse(readFileSync(process.env.REPLAY_LIST, 'utf8'));
  const url = process.env.REPLAY_URL;
  const openai = new OpenAI({ apiKey: 'sk-test', baseURL: `${url}/v1`, maxRetries: 0 });
  const azure =
    AzureOpenAI &&
    new AzureOpenAI({ apiKey: 'test', endpoint: url, apiVersion: '2024-10-21', maxRetries: 0 });
  const results = [];
  for (const item of list)
    results.push(await send(item.provider === 'azure' && azure ? azure : openai, item));
  const preloaded = globalThis[Symbol.for('otel-token-budget.preloaded')];
  const status = preloaded ? await preloaded.tracker.status() : undefined;
  process.stdout.write(JSON.stringify({ results, status }));
}

async function send(client, { id, path, stream, request }) {
  const options = { headers: { 'x-replay-id': id } };
  try {
    if (path === '/v1/responses/compact') {
      if (!client.responses?.compact) return { id, skipped: 'no compact' };
      await client.responses.compact(request, options);
      return { id, ok: true };
    }
    const resource = RESOURCES[path]?.(client);
    if (!resource) return { id, skipped: path };
    const answer = await resource.create(stream ? { ...request, stream: true } : request, options);
    if (!stream) return { id, ok: true, value: answer === undefined ? 'undefined' : typeof answer };
    let chunks = 0;
    for await (const chunk of answer) if (chunk) chunks += 1;
    return { id, ok: true, chunks };
  } catch (error) {
    return {
      id,
      error: error?.constructor?.name,
      status: error?.status,
      code: error?.code,
      message: String(error?.message),
    };
  }
}
