import { maxOutputTokens } from '../../pricing/index.ts';
import { hasSeveralPasses } from '../../tokens/index.ts';
import { isPlainRecord } from '../../util/index.ts';
import type { CallPlan, ClientErrors, Endpoint, Provider } from '../contract/index.ts';
import { providerOf } from './client-provider.ts';
import { ENDPOINTS, endpointOf } from './endpoints/index.ts';
import { type ApiClient, type ApiRequest, requestFields } from './request.ts';

/** Plans the call of a request to OpenAI's API, or one that is compatible; undefined if it is not metered. */
export function planRequest(client: ApiClient, request: ApiRequest): CallPlan | undefined {
  const { method, path, signal } = request;
  // Most requests post a plain object to a path without ids.
  const known = (method === 'post' && ENDPOINTS.get(path ?? '')) || endpointOf(method, path);
  if (known === undefined) return undefined;
  const body = isPlainRecord(request.body) ? request.body : requestFields(request);
  if (body === undefined) return undefined;
  // The output of several passes may pass the cap of the request.
  const endpoint: Endpoint = hasSeveralPasses(body) ? { ...known, capped: false } : known;
  const model = modelOf(client, body) || (endpoint.defaultModel ?? '');
  const provider = providerOf(client);
  const capField = capFieldOf(endpoint, provider, body);
  const requestedCap = tokenCount(body[capField]);
  return {
    endpoint,
    provider,
    priceQuery: { model, provider: provider.name, baseUrl: provider.baseUrl },
    body,
    model,
    stream: isStream(request, body),
    ...(requestedCap === undefined ? {} : { requestedCap }),
    capField,
    outputCap: outputCapOf(
      endpoint,
      model,
      endpoint.capped === false ? undefined : requestedCap,
      body[capField],
    ),
    choices: choicesOf(endpoint, body),
    clientErrors: client.constructor as ClientErrors,
    aborted: signal?.aborted === true,
    ...(signal instanceof AbortSignal ? { signal } : {}),
  };
}

/**
 * Plans the call of a request as it is sent.
 * @param request with the path of {@link apiPathOf}
 * @param body as {@link readSentBody} reads it; undefined if it cannot be read
 */
export function planSentRequest(
  client: ApiClient,
  request: ApiRequest,
  body: Readonly<Record<string, unknown>> | FormData | undefined,
): CallPlan | undefined {
  const plan = planRequest(client, { ...request, body: body ?? {} });
  return plan === undefined || body !== undefined ? plan : { ...plan, isOpaque: true };
}

/**
 * Whether the response is a stream. In a form `stream` is a text; the text `true` in JSON is for the API to
 * reject. Speech is a stream of events if its format says so.
 */
function isStream(request: ApiRequest, body: Readonly<Record<string, unknown>>): boolean {
  const { stream } = body;
  const inForm = stream === 'true' && request.body instanceof FormData;
  return request.stream === true || stream === true || inForm || body['stream_format'] === 'sse';
}

function modelOf(client: ApiClient, body: Readonly<Record<string, unknown>>): string {
  if (typeof body['model'] === 'string' && body['model'] !== '') return body['model'];
  return 'deploymentName' in client && typeof client.deploymentName === 'string' ? client.deploymentName : '';
}

/** The legacy completions API stops at 16 tokens if no cap is set (API reference, `max_tokens`). */
const COMPLETIONS_DEFAULT_CAP = 16;

function outputCapOf(
  endpoint: Endpoint,
  model: string,
  requestedCap: number | undefined,
  cap: unknown,
): number {
  if (!endpoint.hasOutput) return 0;
  if (requestedCap !== undefined) return requestedCap;
  // A cap that is a text, or not whole, may be ignored, or read as what it says.
  return endpoint.kind === 'completions' && (cap === undefined || cap === null)
    ? COMPLETIONS_DEFAULT_CAP
    : maxOutputTokens(model);
}

/** The field that caps the output: the one that the caller uses, else the one that the provider accepts. */
function capFieldOf({ kind }: Endpoint, provider: Provider, body: Readonly<Record<string, unknown>>): string {
  if (kind === 'responses') return 'max_output_tokens';
  if (kind === 'completions') return 'max_tokens';
  const newer = tokenCount(body['max_completion_tokens']);
  const older = tokenCount(body['max_tokens']);
  // Of two, a service may know either: the higher one is the worst case.
  if (newer !== undefined && newer >= (older ?? 0)) return 'max_completion_tokens';
  if (older !== undefined) return 'max_tokens';
  // Reasoning models reject `max_tokens`; servers compatible with older APIs may know nothing else.
  return provider.acceptsIncludeUsage ? 'max_completion_tokens' : 'max_tokens';
}

/** More than any API accepts: a larger number is for the API to reject. */
const MAX_TOKEN_COUNT = 1_000_000_000;

/** A whole number from 1; anything else is for the API to reject. */
function tokenCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_TOKEN_COUNT
    ? value
    : undefined;
}

/** The most choices that an API generates. */
const MAX_CHOICES = 1_000;

/** Reads a number of choices as the most that a service may take it for: `"5"` is five, 1.5 is two. */
function choiceCount(value: unknown): number {
  const count = typeof value === 'number' || typeof value === 'string' ? Math.ceil(Number(value)) : 1;
  return count >= 1 ? Math.min(MAX_CHOICES, count) : 1;
}

/** How many outputs are generated: `n` or `best_of`, for each prompt if there is a list of them. */
function choicesOf({ kind }: Endpoint, body: Readonly<Record<string, unknown>>): number {
  const each = Math.max(choiceCount(body['n']), choiceCount(body['best_of']));
  const { prompt } = body;
  // A list of numbers is one prompt, as tokens.
  const prompts =
    kind === 'completions' && Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1;
  return each * Math.max(1, prompts);
}
