import { isPlausible, type TokenUsage, tokenUsage, USAGE_KINDS, type UsageKind } from '../../usage/index.ts';
import { CONVENTIONS, type SpanConvention } from './conventions/index.ts';
import type { SpanAttributes } from './sdk-span.ts';

/**
 * Returns the kind of a span by the conventions: `call` for a single model call, `other` for a span that
 * contains model calls (an agent, a tool, a workflow) or has none. Undefined if the span does not state its
 * kind.
 */
export function readSpanKind(attributes: SpanAttributes): 'call' | 'other' | undefined {
  for (const { kind } of CONVENTIONS) {
    const value = attributes[kind.attribute];
    if (typeof value === 'string') return kind.calls.includes(value) ? 'call' : 'other';
  }
  return undefined;
}

/** Returns whether a span is a single model call. */
export function isModelCall(attributes: SpanAttributes): boolean {
  return readSpanKind(attributes) === 'call';
}

/** The usage reported by a model call's span. */
export interface SpanUsage {
  /** Tokens by kind. */
  readonly usage: TokenUsage;
  /** Empty if the span does not name the model. */
  readonly model: string;
  /** Named as the instrumentation does. */
  readonly provider?: string;
  /** The tier that served the request. */
  readonly serviceTier?: string;
}

/** Reads the usage of a model call's span; undefined if the span reports none, or only implausible values. */
export function readSpanUsage(attributes: SpanAttributes): SpanUsage | undefined {
  const tokens = readTokens(attributes);
  if (tokens.input === undefined && tokens.output === undefined) return undefined;
  const { cachedInput = 0, cacheWrite = 0, output = 0 } = tokens;
  let { input = 0 } = tokens;
  // Some report an input without the cached part, as Anthropic does. Then the parts can exceed the whole.
  if (cachedInput + cacheWrite > input) input += cachedInput + cacheWrite;
  const uncached = input - cachedInput - cacheWrite;
  return {
    usage: tokenUsage({
      input,
      cachedInput,
      cacheWrite,
      audioInput: Math.min(tokens.audioInput ?? 0, uncached),
      imageInput: Math.min(tokens.imageInput ?? 0, Math.max(0, uncached - (tokens.audioInput ?? 0))),
      output,
      reasoning: Math.min(tokens.reasoning ?? 0, output),
      audioOutput: Math.min(tokens.audioOutput ?? 0, output),
    }),
    model: readModel(attributes),
    ...optional('provider', readText(attributes, 'provider')),
    ...optional('serviceTier', readText(attributes, 'serviceTier')),
  };
}

/** Reads the model of the response, otherwise of the request; empty if the span names none. */
export function readModel(attributes: SpanAttributes): string {
  return readText(attributes, 'model') ?? '';
}

/** Returns whether a span names a model, as that of its response or of its request. */
export function namesModel(attributes: SpanAttributes, model: string): boolean {
  return CONVENTIONS.some((convention) => convention.model?.some((name) => attributes[name] === model));
}

/** Response ids of OpenAI: Chat, Completions and Responses. Parts of a response have other prefixes. */
const RESPONSE_ID = /"id"\s*:\s*"((?:chatcmpl|cmpl|resp)[-_][\w-]+)"/;

/** Maximum number of characters of a response that are searched for its id. */
const MAX_SEARCH_LENGTH = 100_000;

/**
 * Reads the response id from its attribute, otherwise from the captured response; undefined if in neither.
 */
export function readResponseId(attributes: SpanAttributes): string | undefined {
  const id = readText(attributes, 'responseId');
  if (id !== undefined) return id;
  const response = readText(attributes, 'response');
  return response === undefined ? undefined : RESPONSE_ID.exec(response.slice(0, MAX_SEARCH_LENGTH))?.[1];
}

function readTokens(attributes: SpanAttributes): Partial<Record<UsageKind, number>> {
  const total: Partial<Record<UsageKind, number>> = {};
  for (const { tokens, parsed } of CONVENTIONS) {
    const details = parsed?.(attributes) ?? {};
    for (const kind of USAGE_KINDS) {
      const values = [...(tokens?.[kind] ?? []).map((name) => attributes[name]), details[kind]];
      const value = values.find(isPlausible);
      if (value !== undefined) total[kind] ??= value;
    }
  }
  return total;
}

type TextField = 'model' | 'provider' | 'serviceTier' | 'responseId' | 'response';

function readText(attributes: SpanAttributes, field: TextField & keyof SpanConvention): string | undefined {
  for (const convention of CONVENTIONS) {
    for (const name of convention[field] ?? []) {
      const value = attributes[name];
      if (typeof value === 'string' && value !== '') return value;
    }
  }
  return undefined;
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: string };
}
