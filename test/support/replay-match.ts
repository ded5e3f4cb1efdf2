import { isDeepStrictEqual } from 'node:util';
import type { Exchange } from './exchange.ts';
import { isObject, type JsonObject } from './json.ts';

const CAPS = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const;

/** The normalized endpoint of a request's URL, and the provider whose form it has. */
export function normalizePath(url: string): { path: string; provider: Exchange['provider'] } {
  const path = url.replace(/\?.*$/s, '');
  const azure = /^\/openai(?:\/deployments\/[^/]+|\/v1)?(\/.+)$/.exec(path)?.[1];
  return azure === undefined ? { path, provider: 'openai' } : { path: `/v1${azure}`, provider: 'azure' };
}

/**
 * The exchange that a request asks for: the one it names, else one with the same body, preferring the
 * request's provider and an exact match. `stream_options.include_usage`, an output cap that is lower than the recorded one or
 * was added, and the encoding of embeddings (clients choose it) may differ.
 */
export function matchExchange(
  exchanges: readonly Exchange[],
  request: { readonly url: string; readonly replayId: string | undefined; readonly body: unknown },
): Exchange | undefined {
  if (request.replayId !== undefined) return exchanges.find(({ id }) => id === request.replayId);
  const { path, provider } = normalizePath(request.url);
  const { body } = request;
  if (!isObject(body)) return undefined;
  const matches = exchanges.filter((exchange) => exchange.path === path && sameBody(body, exchange.request));
  const sameProvider = matches.filter((exchange) => exchange.provider === provider);
  const best = sameProvider.length > 0 ? sameProvider : matches;
  return best.find((exchange) => isDeepStrictEqual(exchange.request, body)) ?? best[0];
}

function sameBody(sent: JsonObject, recorded: JsonObject): boolean {
  return (
    CAPS.every((cap) => capAllowed(sent[cap], recorded[cap])) &&
    isDeepStrictEqual(essence(sent), essence(recorded))
  );
}

function capAllowed(sent: unknown, recorded: unknown): boolean {
  return typeof recorded !== 'number' || (typeof sent === 'number' && sent <= recorded);
}

function essence(body: JsonObject): JsonObject {
  const copy: Record<string, unknown> = { ...body };
  for (const cap of CAPS) delete copy[cap];
  delete copy['encoding_format'];
  const options = copy['stream_options'];
  if (isObject(options)) {
    const { include_usage: _, ...rest } = options;
    if (Object.keys(rest).length > 0) copy['stream_options'] = rest;
    else delete copy['stream_options'];
  }
  return copy;
}
