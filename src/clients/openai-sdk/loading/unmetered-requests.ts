import { subscribe } from 'node:diagnostics_channel';
import { enclosingRequest } from '../../../calls/index.ts';
import { failOpen } from '../../../telemetry/api/index.ts';
import { processState } from '../../../util/index.ts';

/** A request of the openai SDK that no part of this package has metered. */
export interface UnmeteredRequest {
  /** The origin and the path, without the query. */
  readonly url: string;
  /** The version of the SDK, as its request states it. */
  readonly version: string;
}

/** Endpoints that a client of the SDK is metered at, if it is at all. */
const METERED_PATH = /\/(chat\/completions|responses|completions|embeddings)(\?|$)/;
/**
 * `OpenAI/JS 7.1.0`, `AzureOpenAI/JS 6.0.0`. The name is that of the class, which a bundler may have shortened to one or
 * two letters; other SDKs of the same making with the same endpoints have versions before 4.
 */
const USER_AGENT = /(?:^|[\n:,]\s*)(?:\w*OpenAI\/JS\s+([\w.-]+)|[\w$]{0,2}\/JS\s+([4-9]\.[\w.-]+))/i;

const shared = processState('unmetered-requests', () => ({ isWatching: false }));

/**
 * Watches the requests that leave the process, by `fetch` or by `node:http`, for those of a copy of the openai SDK
 * that is not metered: one that was loaded before this package, or that a bundler has put into the program. They
 * cannot be refused here, only reported. Repeated calls do nothing.
 */
export function watchUnmeteredRequests(onRequest: (request: UnmeteredRequest) => void): void {
  if (shared.isWatching) return;
  shared.isWatching = true;
  const check = (read: () => RequestHead | undefined): void => {
    if (enclosingRequest.getStore() !== undefined) return;
    const head = failOpen('watching a request', read);
    if (head?.method !== 'POST' || !METERED_PATH.test(head.path)) return;
    const [, named, shortened] = USER_AGENT.exec(head.userAgent) ?? [];
    const version = named ?? shortened;
    if (version !== undefined) onRequest({ url: `${head.origin}${head.path.replace(/\?.*/, '')}`, version });
  };
  // Both channels are documented: `undici:request:create` by undici, `http.client.request.start` by Node.
  subscribe('undici:request:create', (message) => check(() => headOfFetch(message)));
  subscribe('http.client.request.start', (message) => check(() => headOfHttp(message)));
}

interface RequestHead {
  readonly method: string;
  readonly origin: string;
  readonly path: string;
  /** All headers, or that one. */
  readonly userAgent: string;
}

function headOfFetch(message: unknown): RequestHead {
  const { request } = message as {
    request: { method: string; origin: unknown; path: string; headers: unknown };
  };
  const { method, origin, path, headers } = request;
  const userAgent = Array.isArray(headers) ? headers.join('\n') : String(headers);
  return { method, origin: String(origin ?? ''), path, userAgent };
}

function headOfHttp(message: unknown): RequestHead {
  const { request } = message as {
    request: {
      method: string;
      path: string;
      host: string;
      protocol: string;
      getHeader(name: string): unknown;
    };
  };
  const { method, path, host, protocol } = request;
  return {
    method,
    origin: `${protocol}//${host}`,
    path,
    userAgent: String(request.getHeader('user-agent') ?? ''),
  };
}
