import { isRecord, parseJson } from '../../util/index.ts';

/** A POST request whose body is a JSON object. */
export interface JsonRequest {
  readonly url: URL;
  readonly body: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
}

type FetchArguments = Parameters<typeof fetch>;

/**
 * Reads the request that `fetch` is called with, its body from a copy; undefined if it does not post a JSON
 * object.
 */
export async function readJsonRequest(...[input, init]: FetchArguments): Promise<JsonRequest | undefined> {
  const request = typeof Request !== 'undefined' && input instanceof Request ? input : undefined;
  const method = init?.method ?? request?.method ?? 'GET';
  const target = request?.url ?? String(input);
  if (method.toUpperCase() !== 'POST' || !URL.canParse(target)) return undefined;
  const body = parseObject(await textOf(init?.body, request));
  const signal = init?.signal ?? request?.signal;
  if (!isRecord(body)) return undefined;
  return { url: new URL(target), body, ...(signal instanceof AbortSignal ? { signal } : {}) };
}

/** Returns the arguments of `fetch` with another body. */
export function withBody([input, init]: FetchArguments, body: object): FetchArguments {
  const text = JSON.stringify(body);
  if (input instanceof Request && init?.body === undefined) return [input, { ...init, body: text }];
  const headers = new Headers(init?.headers);
  if (!headers.has('content-length')) return [input, { ...init, body: text }];
  // Set again from the body that is sent.
  headers.delete('content-length');
  return [input, { ...init, headers, body: text }];
}

async function textOf(body: unknown, request: Request | undefined): Promise<string | undefined> {
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array || body instanceof ArrayBuffer)
    return Buffer.from(body as ArrayBuffer).toString('utf8');
  if (body === undefined || body === null) return request?.body ? request.clone().text() : undefined;
  return undefined;
}

function parseObject(text: string | undefined): unknown {
  if (text === undefined || !text.trimStart().startsWith('{')) return undefined;
  return parseJson(text);
}
