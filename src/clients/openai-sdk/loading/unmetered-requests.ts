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
 * `OpenAI/JS 7.1.0`, `AzureOpenAI/JS 6.0.0`: the name of the class, which a bundler numbers (`OpenAI2`) or shortens
 * (`e`). Other SDKs that name themselves so are below release 4.
 */
const USER_AGENT =
  /(?:^|[\n:,]\s*)(?:[\w$]*OpenAI\d*\/JS\s+(?<version>[\w.-]+)|[\w$]{1,3}\/JS\s+(?<shortened>[4-9]\.[\w.-]+))/i;

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
    const { version, shortened } = USER_AGENT.exec(head.userAgent)?.groups ?? {};
    const found = version ?? shortened;
    if (found !== undefined)
      onRequest({ url: `${head.origin}${head.path.replace(/\?.*/, '')}`, version: found });
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
    request: { method: string; path: string; protocol: string; getHeader(name: string): unknown };
  };
  const header = (name: string): string => String(request.getHeader(name) ?? '');
  const { method, path, protocol } = request;
  return { method, origin: `${protocol}//${header('host')}`, path, userAgent: header('user-agent') };
}
