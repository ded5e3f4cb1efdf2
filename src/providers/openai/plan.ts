import { maxOutputTokens } from '../../pricing/index.ts';
import type { CallPlan, Endpoint, Provider } from '../contract/index.ts';
import { providerOf } from './client-provider.ts';
import { coverageOf } from './endpoint-support.ts';
import { endpointOf } from './endpoints.ts';
import type { Client, RequestOptions } from './request.ts';
import { requestFields } from './request-fields.ts';

/** The plan of a request; undefined for one that is not counted. */
export function planOf(client: Client, options: RequestOptions): CallPlan | undefined {
  const endpoint = endpointOf(options.method, options.path);
  if (endpoint === undefined) return undefined;
  const body = requestFields(options);
  if (body === undefined) return undefined;
  const model = modelOf(client, body) || (endpoint.defaultModel ?? '');
  const provider = providerOf(client);
  const cap = capOf(endpoint, provider, body);
  return {
    endpoint,
    name: coverageOf('post', options.path ?? '').endpoint,
    provider,
    body,
    model,
    stream: isStream(options, body),
    ...(cap.asked === undefined ? {} : { askedCap: cap.asked }),
    capField: cap.field,
    outputCap: outputCapOf(endpoint, model, cap.asked),
    choices: choicesOf(endpoint, body),
    aborted: options.signal?.aborted === true,
    ...(options.signal instanceof AbortSignal ? { signal: options.signal } : {}),
  };
}

/** Of a form, `stream` is a text (the text `true` in JSON is for the API to refuse); speech is a stream of events where its format says so. */
function isStream(options: RequestOptions, body: Readonly<Record<string, unknown>>): boolean {
  const asked = body['stream'];
  const inForm = options.body instanceof FormData && asked === 'true';
  return options.stream === true || asked === true || inForm || body['stream_format'] === 'sse';
}

function modelOf(client: Client, body: Readonly<Record<string, unknown>>): string {
  if (typeof body['model'] === 'string' && body['model'] !== '') return body['model'];
  return 'deploymentName' in client && typeof client.deploymentName === 'string' ? client.deploymentName : '';
}

/** The legacy completions API stops at 16 tokens where no cap is set (API reference, `max_tokens`). */
const COMPLETIONS_DEFAULT_CAP = 16;

function outputCapOf(endpoint: Endpoint, model: string, asked: number | undefined): number {
  if (!endpoint.hasOutput) return 0;
  if (asked !== undefined) return asked;
  return endpoint.kind === 'completions' ? COMPLETIONS_DEFAULT_CAP : maxOutputTokens(model);
}

function capOf(
  endpoint: Endpoint,
  provider: Provider,
  body: Readonly<Record<string, unknown>>,
): { field: string; asked?: number } {
  if (endpoint.kind === 'responses') return found(body, 'max_output_tokens');
  if (endpoint.kind === 'completions') return found(body, 'max_tokens');
  if (count(body['max_completion_tokens']) !== undefined) return found(body, 'max_completion_tokens');
  if (count(body['max_tokens']) !== undefined) return found(body, 'max_tokens');
  // Reasoning models refuse `max_tokens`; compatible servers of others may know nothing else.
  return { field: provider.takesIncludeUsage ? 'max_completion_tokens' : 'max_tokens' };
}

function found(body: Readonly<Record<string, unknown>>, field: string): { field: string; asked?: number } {
  const asked = count(body[field]);
  return asked === undefined ? { field } : { field, asked };
}

/** More than any API takes: a larger number is for it to refuse. */
const MOST = 1_000_000_000;

/** A whole number of one or more; anything else is for the API to refuse. */
function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST
    ? value
    : undefined;
}

/** How many answers are generated: `n` or `best_of`, for each prompt where there is a list of them. */
function choicesOf({ kind }: Endpoint, body: Readonly<Record<string, unknown>>): number {
  const each = Math.min(1_000, Math.max(1, count(body['n']) ?? 1, count(body['best_of']) ?? 1));
  const { prompt } = body;
  // A list of numbers is one prompt, as tokens.
  const prompts =
    kind === 'completions' && Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1;
  return each * Math.max(1, prompts);
}
