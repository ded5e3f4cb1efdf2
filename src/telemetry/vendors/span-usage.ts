import type { Attributes } from '@opentelemetry/api';
import { isPlausible, type TokenUsage, tokenUsage, USAGE_KINDS, type UsageKind } from '../../usage/index.ts';
import { CONVENTIONS, type SpanConvention } from './conventions/index.ts';

/**
 * What a span is by the conventions: one call of a model, or something that has such calls in it (an agent, a
 * tool, a workflow) or none. Undefined where it does not say.
 */
export function readSpanKind(attributes: Attributes): 'call' | 'other' | undefined {
  for (const { kind } of CONVENTIONS) {
    const value = attributes[kind.attribute];
    if (typeof value === 'string') return kind.calls.includes(value) ? 'call' : 'other';
  }
  return undefined;
}

/** Whether a span is one call of a model. */
export function isModelCall(attributes: Attributes): boolean {
  return readSpanKind(attributes) === 'call';
}

/** What a model call's span says: usage, model and whom it was asked of. */
export interface SpanUsage {
  readonly usage: TokenUsage;
  /** Empty where the span names none. */
  readonly model: string;
  /** As the instrumentation names it. */
  readonly provider?: string;
  readonly serviceTier?: string;
}

/** The usage of a model call's span; undefined where it tells none that can be believed. */
export function readSpanUsage(attributes: Attributes): SpanUsage | undefined {
  const read = readTokens(attributes);
  if (read.input === undefined && read.output === undefined) return undefined;
  const { cachedInput = 0, cacheWrite = 0, output = 0 } = read;
  let { input = 0 } = read;
  // Some tell an input without what was cached, as Anthropic does: then its parts can be more than the whole.
  if (cachedInput + cacheWrite > input) input += cachedInput + cacheWrite;
  const rest = input - cachedInput - cacheWrite;
  return {
    usage: tokenUsage({
      input,
      cachedInput,
      cacheWrite,
      audioInput: Math.min(read.audioInput ?? 0, rest),
      imageInput: Math.min(read.imageInput ?? 0, Math.max(0, rest - (read.audioInput ?? 0))),
      output,
      reasoning: Math.min(read.reasoning ?? 0, output),
      audioOutput: Math.min(read.audioOutput ?? 0, output),
    }),
    model: readModel(attributes),
    ...optional('provider', text(attributes, 'provider')),
    ...optional('serviceTier', text(attributes, 'serviceTier')),
  };
}

/** The model that answered, else the one that was asked for; empty where the span names none. */
export function readModel(attributes: Attributes): string {
  return text(attributes, 'model') ?? '';
}

/** Whether a span names that model, as the one that answered or as the one that was asked for. */
export function namesModel(attributes: Attributes, model: string): boolean {
  return CONVENTIONS.some((convention) => convention.model?.some((name) => attributes[name] === model));
}

/**
 * The ids that OpenAI gives its responses: of Chat, Completions and Responses. Parts of a response have
 * others.
 */
const RESPONSE_ID = /"id"\s*:\s*"((?:chatcmpl|cmpl|resp)[-_][\w-]+)"/;

/** How much of an answer is looked through for its id. */
const LONGEST_SEARCH = 100_000;

/**
 * The id of the response that a span tells of, or that stands in the answer it holds; undefined where neither
 * does.
 */
export function readResponseId(attributes: Attributes): string | undefined {
  const told = text(attributes, 'responseId');
  if (told !== undefined) return told;
  const answer = text(attributes, 'response');
  return answer === undefined ? undefined : RESPONSE_ID.exec(answer.slice(0, LONGEST_SEARCH))?.[1];
}

function readTokens(attributes: Attributes): Partial<Record<UsageKind, number>> {
  const read: Partial<Record<UsageKind, number>> = {};
  for (const { tokens, parsed } of CONVENTIONS) {
    const details = parsed?.(attributes) ?? {};
    for (const kind of USAGE_KINDS) {
      const values = [...(tokens?.[kind] ?? []).map((name) => attributes[name]), details[kind]];
      const value = values.find(isPlausible);
      if (value !== undefined) read[kind] ??= value;
    }
  }
  return read;
}

type TextField = 'model' | 'provider' | 'serviceTier' | 'responseId' | 'response';

function text(attributes: Attributes, field: TextField & keyof SpanConvention): string | undefined {
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
