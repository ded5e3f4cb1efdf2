import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenUsage } from '../../src/usage/token-usage.ts';
import { billedUsage, rawUsage } from './answered-usage.ts';
import type { Exchange } from './exchange.ts';
import { listen, readBody } from './http.ts';
import { type JsonObject, parseObject } from './json.ts';
import { answerOf, piecesOf } from './replay-body.ts';
import { matchExchange, normalizePath } from './replay-match.ts';

/** How the server departs from a plain answer. */
export interface ReplayBehaviour {
  /** Wait before the headers. */
  readonly delayMs?: number;
  /** Write the body in pieces of this many bytes; event by event if absent. */
  readonly chunkBytes?: number;
  /** Wait between pieces. */
  readonly chunkDelayMs?: number;
  /** Destroy the socket after this many bytes of the body; 0: before any answer. */
  readonly cutAfterBytes?: number;
  /** Never answer. */
  readonly hang?: boolean;
  /** Answer with this status; from 400 on with an error body, unless `body` is given. */
  readonly status?: number;
  /** Answer with this body, whatever the exchange holds. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One answered request. */
export interface AccountEntry {
  readonly n: number;
  readonly path: string;
  readonly url: string;
  /** As received, without credentials. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: JsonObject | undefined;
  /** The exchange; undefined where none matched. */
  readonly id: string | undefined;
  status: number;
  /** The usage that the answer held. */
  usage: JsonObject | undefined;
  /** What the service would bill: also where the answer did not say it. */
  billed: TokenUsage | undefined;
  /** `open` until known; `hung` while unanswered; `cut` by the server; `aborted` by the client. */
  outcome: 'open' | 'sent' | 'cut' | 'hung' | 'aborted';
}

export interface ReplayServer {
  /** `http://127.0.0.1:port`: the endpoint of an Azure client. */
  readonly url: string;
  /** `url` and `/v1`: the base URL of an OpenAI client. */
  readonly baseURL: string;
  readonly account: readonly AccountEntry[];
  readonly close: () => Promise<void>;
}

/** A request as the server sees it. */
export interface ReplayRequest {
  readonly url: string;
  readonly replayId: string | undefined;
  readonly body: JsonObject | undefined;
}

export interface ReplayOptions {
  readonly exchanges: readonly Exchange[];
  /** Finds the exchange that answers a request; by its id or its body if absent. */
  readonly choose?: (exchanges: readonly Exchange[], request: ReplayRequest) => Exchange | undefined;
  /** Of every answer, or of the n-th (from 0). The header of a request prevails over it. */
  readonly behaviour?: ReplayBehaviour | ((n: number, exchange: Exchange | undefined) => ReplayBehaviour);
}

const ID_HEADER = 'x-replay-id';
const BEHAVIOUR_HEADER = 'x-replay-behaviour';
const SECRET_HEADERS = new Set(['authorization', 'api-key']);

/** Request headers that choose an exchange by its id, and a behaviour for this request alone. */
export function replayHeaders(id: string | undefined, behaviour?: ReplayBehaviour): Record<string, string> {
  return {
    ...(id === undefined ? {} : { [ID_HEADER]: id }),
    ...(behaviour === undefined ? {} : { [BEHAVIOUR_HEADER]: JSON.stringify(behaviour) }),
  };
}

/** Starts a server that answers with exchanges and keeps an account of it. */
export async function startReplayServer(options: ReplayOptions): Promise<ReplayServer> {
  const account: AccountEntry[] = [];
  const server: Server = createServer((request, response) => {
    answer(options, account, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  const { url, close } = await listen(server);
  return { url, baseURL: `${url}/v1`, account, close };
}

async function answer(
  options: ReplayOptions,
  account: AccountEntry[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = parseObject((await readBody(request)).toString('utf8'));
  const url = request.url ?? '/';
  const choose = options.choose ?? matchExchange;
  const exchange = choose(options.exchanges, { url, replayId: header(request, ID_HEADER), body });
  const entry: AccountEntry = {
    n: account.length,
    path: normalizePath(url).path,
    url,
    headers: withoutSecrets(request),
    body,
    id: exchange?.id,
    status: 0,
    usage: undefined,
    billed: undefined,
    outcome: 'open',
  };
  account.push(entry);
  response.on('close', () => {
    if (entry.outcome === 'open' || entry.outcome === 'hung') entry.outcome = 'aborted';
  });
  response.on('error', () => {});
  await send(response, entry, exchange, behaviourOf(options, request, entry.n, exchange));
}

function behaviourOf(
  options: ReplayOptions,
  request: IncomingMessage,
  n: number,
  exchange: Exchange | undefined,
): ReplayBehaviour {
  const asked = header(request, BEHAVIOUR_HEADER);
  if (asked !== undefined) return parseObject(asked) ?? {};
  const { behaviour } = options;
  return (typeof behaviour === 'function' ? behaviour(n, exchange) : behaviour) ?? {};
}

async function send(
  response: ServerResponse,
  entry: AccountEntry,
  exchange: Exchange | undefined,
  behaviour: ReplayBehaviour,
): Promise<void> {
  if (behaviour.hang === true) {
    entry.outcome = 'hung';
    return;
  }
  if (behaviour.delayMs !== undefined) await sleep(behaviour.delayMs);
  if (behaviour.cutAfterBytes === 0) {
    entry.outcome = 'cut';
    response.destroy();
    return;
  }
  const { status, content, contentType } = contentOf(entry, exchange, behaviour);
  entry.status = status;
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  if (status < 400) note(entry, exchange, content);
  response.writeHead(status, {
    'content-type': contentType,
    'x-request-id': `req_${entry.n}`,
    ...exchange?.headers,
    ...behaviour.headers,
  });
  await write(response, entry, text, behaviour);
}

function note(entry: AccountEntry, exchange: Exchange | undefined, content: unknown): void {
  entry.usage = rawUsage(content);
  const billed = entry.usage ?? rawUsage(exchange?.usageChunk);
  entry.billed = billed === undefined ? undefined : billedUsage(billed);
}

function contentOf(
  entry: AccountEntry,
  exchange: Exchange | undefined,
  behaviour: ReplayBehaviour,
): { status: number; content: unknown; contentType: string } {
  const json = 'application/json';
  if (exchange === undefined) {
    const content = errorBody(`no exchange answers ${entry.path}`, 'no_exchange');
    return { status: behaviour.status ?? 404, content: behaviour.body ?? content, contentType: json };
  }
  const status = behaviour.status ?? exchange.status;
  if (behaviour.body !== undefined) {
    return { status, content: behaviour.body, contentType: exchange.contentType };
  }
  if (behaviour.status !== undefined && status >= 400) {
    return { status, content: errorBody(`status ${status} was asked for`, null), contentType: json };
  }
  return { status, content: answerOf(exchange, entry.body), contentType: exchange.contentType };
}

function errorBody(message: string, code: string | null): JsonObject {
  return { error: { message, type: 'server_error', param: null, code } };
}

async function write(
  response: ServerResponse,
  entry: AccountEntry,
  text: string,
  behaviour: ReplayBehaviour,
): Promise<void> {
  const cut = behaviour.cutAfterBytes;
  let left = cut ?? Number.POSITIVE_INFINITY;
  for (const piece of piecesOf(text, behaviour.chunkBytes)) {
    if (response.destroyed) return;
    await flush(response, piece.subarray(0, left));
    left -= piece.length;
    if (left <= 0) break;
    if (behaviour.chunkDelayMs !== undefined) await sleep(behaviour.chunkDelayMs);
  }
  if (response.destroyed) return;
  entry.outcome = cut === undefined ? 'sent' : 'cut';
  if (cut === undefined) response.end();
  else response.destroy();
}

function flush(response: ServerResponse, bytes: Buffer): Promise<void> {
  // An error means that the client went away: the caller sees it in `destroyed`.
  return new Promise((resolve) => response.write(bytes, () => resolve()));
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function withoutSecrets(request: IncomingMessage): AccountEntry['headers'] {
  return Object.fromEntries(Object.entries(request.headers).filter(([name]) => !SECRET_HEADERS.has(name)));
}
