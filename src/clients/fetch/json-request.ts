import { bodyText } from '../../providers/index.ts';
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
  const json = JSON.stringify(body);
  // A Blob sets the content type.
  const text = init?.body instanceof Blob ? new Blob([json], { type: init.body.type }) : json;
  if (input instanceof Request && init?.body === undefined) return [input, { ...init, body: text }];
  const headers = new Headers(init?.headers);
  if (!headers.has('content-length')) return [input, { ...init, body: text }];
  // Set again from the body that is sent.
  headers.delete('content-length');
  return [input, { ...init, headers, body: text }];
}

async function textOf(body: unknown, request: Request | undefined): Promise<string | undefined> {
  if (body === undefined || body === null) return request?.body ? request.clone().text() : undefined;
  return bodyText(body);
}

function parseObject(text: string | undefined): unknown {
  if (text === undefined || !text.trimStart().startsWith('{')) return undefined;
  return parseJson(text);
}
