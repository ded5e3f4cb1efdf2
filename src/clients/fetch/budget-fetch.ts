import {
  abandonIfCollected,
  type BudgetOptions,
  BufferedBodySink,
  type Call,
  type CallServices,
  getPreloaded,
  guardRawResponse,
  guardStream,
  isRefusal,
  passOn,
  reportUnmetered,
  resolveServices,
  SseBodySink,
  sendInside,
  tryStartCall,
} from '../../calls/index.ts';
import { type CallPlan, findApi, type ProviderApi, uncountedRequest } from '../../providers/index.ts';
import { failOpen } from '../../telemetry/api/index.ts';
import { budgetOfCall, markMetered } from '../../telemetry/context/index.ts';
import { isRecord } from '../../util/index.ts';
import { type JsonRequest, readJsonRequest, withBody } from './json-request.ts';
import { refusalResponse, retriesErrors } from './refusal.ts';

/** Options of {@link budgetFetch}. */
export interface BudgetFetchOptions extends BudgetOptions {
  /** The `fetch` that sends the requests; default: the global one at the time of each call. */
  readonly fetch?: typeof fetch;
}

/**
 * Returns a `fetch` that charges model calls to a budget: Chat Completions, Responses, Completions and
 * Embeddings of OpenAI and any compatible service, and Anthropic's Messages. For clients that accept a custom
 * `fetch`. Other requests pass unchanged; those to a service that is known to sell models are reported.
 *
 * Reserves the worst case before a call, lowers its output cap if that does not fit, and settles what it used
 * afterwards; streams are guarded while they are read. A call that is already metered, by the preload or by a
 * budgeted `fetch` underneath, is not metered twice.
 *
 * The returned function throws a `BudgetExceededError` if the budget cannot pay for a call, and sends
 * nothing. OpenAI's and Anthropic's clients would retry what a `fetch` throws: they get a response with
 * status 402 and the error as its body instead, and throw their own error with `status` 402.
 *
 * @throws NoBudgetError if there is neither a tracker nor a preload
 * @example
 * const anthropic = new Anthropic({ fetch: budgetFetch({ tracker }) });
 */
export function budgetFetch(options: BudgetFetchOptions = {}): typeof fetch {
  const services = resolveServices('budgetFetch', options, getPreloaded()?.services);
  const original = globalThis.fetch;
  // If the global fetch was replaced by a budgeted one, the one before it sends.
  const send: typeof fetch = (...args) =>
    (options.fetch ?? (isBudgeted(globalThis.fetch) ? original : globalThis.fetch))(...args);
  const budgeted: typeof fetch = async (...args) => {
    const request = await readModelRequest(args);
    if (request === undefined) return reportUncounted(services, args) ?? send(...args);
    const plan = planRequest(request);
    const passedOn = passOn(plan, 'fetch', budgeted);
    if (passedOn !== undefined) return sendInside(passedOn, () => send(...args));
    let call: Call | undefined;
    try {
      call = await tryStartCall(services, plan);
    } catch (error) {
      return responseOfRefusal(error, args);
    }
    return call === undefined ? send(...args) : sendCall(services, call, request, args, send, budgeted);
  };
  markMetered('fetch');
  return Object.assign(budgeted, { [BUDGETED]: true });
}

/** Marks a budgeted `fetch`, whichever copy of this package created it. */
const BUDGETED = Symbol.for('otel-token-budget.fetch');

function isBudgeted(one: typeof fetch): boolean {
  return BUDGETED in one;
}

/**
 * Reports a request that is sent as it is, although it may cost something: a call whose body is a stream, or one to
 * a service that sells models by an API of its own.
 * @returns what the client gets if it is refused: in `strict`, if `unmeteredEndpoints` is `refuse`
 * @throws UnmeteredEndpointError in the same case, if the client takes errors
 */
function reportUncounted(services: CallServices, args: Parameters<typeof fetch>): Response | undefined {
  const [input, init] = args;
  const request = input instanceof Request ? input : undefined;
  const method = init?.method ?? request?.method ?? 'GET';
  const isStream = isStreamed(init?.body);
  // Most requests of a program are neither.
  if (!isStream && method.toUpperCase() !== 'POST') return undefined;
  const address = request?.url ?? String(input);
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  const found = findApi(url);
  if (found !== undefined && !isStream) return undefined;
  const endpoint = found === undefined ? uncountedRequest(method, url) : `POST ${found.target.path}`;
  if (endpoint === undefined) return undefined;
  const tracker = budgetOfCall(services.tracker);
  try {
    reportUnmetered(services, tracker, endpoint, found === undefined ? 'endpoint' : 'unbounded');
    return undefined;
  } catch (error) {
    return responseOfRefusal(error, args);
  }
}

/** Returns a refusal as the response that a client does not retry. @throws the error, if it takes errors */
function responseOfRefusal(error: unknown, args: Parameters<typeof fetch>): Response {
  if (isRefusal(error) && retriesErrors(args)) return refusalResponse(error);
  throw error;
}

function isStreamed(body: unknown): boolean {
  return body instanceof ReadableStream || (isRecord(body) && Symbol.asyncIterator in body);
}

/** A request that may be a call of a model, and the API that it is for. */
type ModelRequest = JsonRequest & NonNullable<ReturnType<typeof findApi>>;

async function readModelRequest(args: Parameters<typeof fetch>): Promise<ModelRequest | undefined> {
  try {
    const url = args[0] instanceof Request ? args[0].url : String(args[0]);
    const found = URL.canParse(url) ? findApi(new URL(url)) : undefined;
    const request = found && (await readJsonRequest(...args));
    return found && request && { ...request, ...found };
  } catch {
    // A body that cannot be read is for the sender to fail on.
    return undefined;
  }
}

function planRequest({ api, target, body, signal }: ModelRequest): CallPlan | undefined {
  return failOpen('planning a call', () => api.plan(target, body, signal));
}

async function sendCall(
  { includeUsage }: CallServices,
  call: Call,
  { api, body }: ModelRequest,
  args: Parameters<typeof fetch>,
  send: typeof fetch,
  budgeted: typeof fetch,
): Promise<Response> {
  const outgoing = api.outgoingBody(call.plan, body, call.reservation.clampedTo, includeUsage);
  const response = await call.send('fetch', budgeted, () =>
    send(...(outgoing.body === body ? args : withBody(args, outgoing.body))),
  );
  const guarded = failOpen('guarding a response', () =>
    guardResponse(response, call, api, outgoing.addsUsageChunk),
  );
  return guarded ?? response;
}

/** Returns the response with a body that reports to the call whatever flows through it. */
function guardResponse(response: Response, call: Call, api: ProviderApi, addsUsageChunk: boolean): Response {
  if (!response.ok) {
    call.recordFailure(new StatusError(response.status), 'request');
    return response;
  }
  if (!(response instanceof Response)) {
    guardRawResponse(response, call, addsUsageChunk);
    return response;
  }
  if (response.body === null) {
    call.abandon('it has no body');
    return response;
  }
  const isStream = response.headers.get('content-type')?.includes('text/event-stream') === true;
  const sink = isStream
    ? new SseBodySink(call, addsUsageChunk, api.newEventTranslator?.())
    : new BufferedBodySink(call, api.toOpenAiResponse);
  const body = guardStream(response.body, sink);
  // The stream and not the response: a reader may drop the response.
  abandonIfCollected(body, call);
  const { status, statusText, headers, url, redirected, type } = response;
  const guarded = new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>, {
    status,
    statusText,
    headers,
  });
  for (const [name, value] of Object.entries({ url, redirected, type })) {
    Object.defineProperty(guarded, name, { value, configurable: true });
  }
  return guarded;
}

/** The service answered with an error status. */
class StatusError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`The service answered with status ${status}.`);
    this.name = 'StatusError';
    this.status = status;
  }
}
