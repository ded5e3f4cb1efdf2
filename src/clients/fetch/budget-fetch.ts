import { context } from '@opentelemetry/api';
import {
  type BudgetOptions,
  beginSafely,
  type Call,
  type CallHost,
  EventSink,
  endIfDropped,
  isRefusal,
  meteredStream,
  preloaded,
  safely,
  sendCounted,
  userHost,
  WholeSink,
  watchResponse,
} from '../../calls/index.ts';
import {
  type ApiRequest,
  apiOf,
  type CallPlan,
  ChatChunks,
  chatAnswerOf,
  chatRequestOf,
  messagesBody,
  namedProvider,
  planOf,
  sentBody,
} from '../../providers/index.ts';
import { refusalResponse, repeatsErrors } from './refusal.ts';
import { readRequest, type SentRequest, withBody } from './sent-request.ts';

export interface BudgetFetchOptions extends BudgetOptions {
  /** What sends the requests; the global `fetch`, as it is with each call, where absent. */
  readonly fetch?: typeof fetch;
}

/**
 * A `fetch` that charges calls of models to a budget: Chat Completions, Responses, Completions and Embeddings of OpenAI and of any
 * service that is compatible with it, and Anthropic's Messages. For clients that take a `fetch` of their own. Other requests pass untouched.
 *
 * Before a call its worst case is reserved, its output cap is lowered where that does not fit, and after it what it used is settled.
 * Streams are metered as they are read. A call that is counted another way (by the preload, by {@link budgetFetch} underneath) is
 * not counted again.
 *
 * The function throws a `BudgetExceededError` where the budget cannot pay for a call, and nothing is sent. Clients of OpenAI's and
 * Anthropic's making would repeat what a `fetch` throws: they get a response with status 402 and the error as its body, and throw
 * their own error, with `status` 402.
 *
 * @throws NoBudgetError where there is neither a tracker nor a preload
 */
export function budgetFetch(options: BudgetFetchOptions = {}): typeof fetch {
  const host = userHost('budgetFetch', options, preloaded()?.host);
  const global = globalThis.fetch;
  // Where the global one was replaced by ours, the one before it sends.
  const send: typeof fetch = (...args) =>
    (options.fetch ?? (isOurs(globalThis.fetch) ? global : globalThis.fetch))(...args);
  const ours: typeof fetch = async (...args) => {
    const request = await readCounted(args);
    if (request === undefined) return send(...args);
    let call: Call | undefined;
    try {
      call = await beginSafely(host, () => planOfRequest(request), request.signal);
    } catch (error) {
      if (isRefusal(error) && repeatsErrors(args)) return refusalResponse(error);
      throw error;
    }
    return call === undefined ? send(...args) : sendCall(host, call, request, args, send);
  };
  return Object.assign(ours, { [OURS]: true });
}

const OURS = Symbol.for('otel-token-budget.fetch');

function isOurs(one: typeof fetch): boolean {
  return OURS in one;
}

/** A request that may be a call of a model, and the API that it is for. */
type CountedRequest = SentRequest & ApiRequest;

async function readCounted(args: Parameters<typeof fetch>): Promise<CountedRequest | undefined> {
  try {
    const target = args[0] instanceof Request ? args[0].url : String(args[0]);
    const api = URL.canParse(target) ? apiOf(new URL(target)) : undefined;
    const request = api && (await readRequest(...args));
    return api && request && { ...request, ...api };
  } catch {
    // A body that cannot be read is for the sender to fail on.
    return undefined;
  }
}

function planOfRequest(request: CountedRequest): CallPlan | undefined {
  const { api, baseURL, deploymentName, signal } = request;
  const client = {
    baseURL,
    constructor: { name: 'fetch' },
    ...(deploymentName === undefined ? {} : { deploymentName }),
  };
  const plan = planOf(client, {
    method: 'post',
    path: api === 'messages' ? '/chat/completions' : request.path,
    body: api === 'messages' ? chatRequestOf(request.body) : request.body,
    ...(signal === undefined ? {} : { signal }),
  });
  // Without a model it is a request of something else, whatever its path.
  if (plan === undefined || plan.model === '') return undefined;
  const provider = namedProvider(plan.provider, request);
  if (api === 'openai') return { ...plan, provider };
  const { apiType: _, ...endpoint } = plan.endpoint;
  return { ...plan, provider, endpoint };
}

async function sendCall(
  host: CallHost,
  call: Call,
  request: CountedRequest,
  args: Parameters<typeof fetch>,
  send: typeof fetch,
): Promise<Response> {
  const { plan, reservation } = call;
  const sent =
    request.api === 'messages'
      ? { body: messagesBody(request.body, reservation.clampedTo), asksUsage: false }
      : sentBody(host, plan, reservation.clampedTo);
  const untouched = sent.body === request.body;
  let response: Response;
  try {
    const changed = untouched ? args : withBody(args, sent.body);
    response = await sendCounted(() => context.with(call.context, () => send(...changed)));
  } catch (error) {
    safely('a failed request', () => call.failed(error, 'request'));
    throw error;
  }
  return safely('a response', () => metered(response, call, sent.asksUsage, request)) ?? response;
}

/** The response with a body that tells the call of what flows through it. */
function metered(response: Response, call: Call, asksUsage: boolean, { api }: CountedRequest): Response {
  if (!response.ok) {
    call.failed(new StatusError(response.status), 'request');
    return response;
  }
  if (!(response instanceof Response)) {
    watchResponse(response, call, asksUsage);
    return response;
  }
  if (response.body === null) {
    call.abandoned('it has no body');
    return response;
  }
  const messages = api === 'messages';
  const streams = response.headers.get('content-type')?.includes('text/event-stream') === true;
  const sink = streams
    ? new EventSink(call, asksUsage, messages ? new ChatChunks().of : undefined)
    : new WholeSink(call, messages ? chatAnswerOf : undefined);
  const body = meteredStream(response.body, sink);
  // The stream, and not the response: whoever reads may let the response go.
  endIfDropped(body, call);
  const { status, statusText, headers, url, redirected, type } = response;
  const same = new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>, { status, statusText, headers });
  for (const [name, value] of Object.entries({ url, redirected, type })) {
    Object.defineProperty(same, name, { value, configurable: true });
  }
  return same;
}

/** The service answered with an error status: nothing is billed. */
class StatusError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`The service answered with status ${status}.`);
    this.name = 'StatusError';
    this.status = status;
  }
}
