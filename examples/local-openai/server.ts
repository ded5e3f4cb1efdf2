import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccountEntry } from './account.ts';
import { chatBody, chatChunk, chatUsage, type Output, outputOf, responseBody, usageChunk } from './bodies.ts';
import { isObject, type JsonObject } from './json.ts';
import { replyToChat, replyToResponse } from './model.ts';
import { decode, PromptCache, promptOf } from './tokens.ts';

const THINKING_MS = 40;
const TOKENS_A_CHUNK = 4;
const CHUNK_MS = 6;

export interface LocalOpenai {
  /** The value for OPENAI_BASE_URL. */
  readonly baseURL: string;
  /** What the server counted itself, call by call. */
  readonly account: readonly AccountEntry[];
  readonly close: () => void;
}

/**
 * Starts a server that speaks enough of the OpenAI API for the demo: chat completions with tools and streams,
 * responses, prompt caching, output caps, and a usage that grows with the conversation.
 */
export async function startLocalOpenai(port = 0): Promise<LocalOpenai> {
  const account: AccountEntry[] = [];
  const cache = new PromptCache();
  const server = createServer((request, response) => {
    answer(request, response, account, cache).catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { baseURL: `http://127.0.0.1:${address.port}/v1`, account, close };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  account: AccountEntry[],
  cache: PromptCache,
): Promise<void> {
  const path = request.url ?? '';
  const body = await readJson(request);
  if (body === undefined) return sendJson(response, 400, failure('the body is not a JSON object'));
  if (path !== '/v1/chat/completions' && path !== '/v1/responses') {
    return sendJson(response, 404, failure(`${path} is not served here`));
  }
  const chat = path === '/v1/chat/completions';
  const output = outputOf(chat ? replyToChat(body) : replyToResponse(body), body);
  const prompt = promptOf(body);
  const entry: AccountEntry = {
    path,
    model: String(body['model']),
    input: prompt.length,
    cached: cache.read(prompt),
    output: 0,
  };
  const n = account.push(entry);
  await sleep(THINKING_MS);
  if (chat && body['stream'] === true) return stream(response, n, entry, output, body);
  entry.output = output.tokens.length;
  sendJson(
    response,
    200,
    chat ? chatBody(n, entry.model, output, chatUsage(entry)) : responseBody(n, entry, output),
  );
}

async function stream(
  response: ServerResponse,
  n: number,
  entry: AccountEntry,
  output: Output,
  body: JsonObject,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  const send = (chunk: JsonObject) => response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  send(chatChunk(n, entry.model, { role: 'assistant', content: '' }, null));
  for (let at = 0; at < output.tokens.length && !response.destroyed; at += TOKENS_A_CHUNK) {
    const tokens = output.tokens.slice(at, at + TOKENS_A_CHUNK);
    // What was written before a client left is billed.
    entry.output += tokens.length;
    send(chatChunk(n, entry.model, { content: decode(tokens) }, null));
    await sleep(CHUNK_MS);
  }
  if (response.destroyed) return;
  send(chatChunk(n, entry.model, {}, output.cut ? 'length' : 'stop'));
  const options = body['stream_options'];
  if (isObject(options) && options['include_usage'] === true) {
    send(usageChunk(n, entry.model, chatUsage(entry)));
  }
  response.end('data: [DONE]\n\n');
}

async function readJson(request: IncomingMessage): Promise<JsonObject | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function sendJson(response: ServerResponse, status: number, body: JsonObject): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function failure(message: string): JsonObject {
  return { error: { message, type: 'invalid_request_error', param: null, code: null } };
}
