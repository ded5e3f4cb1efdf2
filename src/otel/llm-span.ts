import type { Attributes } from '@opentelemetry/api';
import { type TokenUsage, tokenUsage } from '../usage/index.ts';
import * as semconv from './semconv.ts';

/** The operations that are one call of a model. Agents, tools and workflows sum theirs and are not counted again. */
const MODEL_OPERATIONS: ReadonlySet<unknown> = new Set([
  'chat',
  'text_completion',
  'embeddings',
  'generate_content',
]);

/** Whether a span is one call of a model, by the GenAI conventions. */
export function isModelCall(attributes: Attributes): boolean {
  return MODEL_OPERATIONS.has(attributes[semconv.ATTR_OPERATION_NAME]);
}

/** What a model call's span says: usage, model and where it was sent. */
export interface SpanUsage {
  readonly usage: TokenUsage;
  readonly model: string;
  readonly serviceTier?: string;
}

/** Names of the conventions before version 1.27, still in use. */
const OLD_INPUT_TOKENS = 'gen_ai.usage.prompt_tokens';
const OLD_OUTPUT_TOKENS = 'gen_ai.usage.completion_tokens';

/** The usage of a model call's span; undefined where it tells none that can be believed. */
export function usageOfSpan(attributes: Attributes): SpanUsage | undefined {
  const input = tokens(attributes, semconv.ATTR_USAGE_INPUT_TOKENS, OLD_INPUT_TOKENS);
  const output = tokens(attributes, semconv.ATTR_USAGE_OUTPUT_TOKENS, OLD_OUTPUT_TOKENS);
  if (input === undefined && output === undefined) return undefined;
  const part = (name: string, whole: number | undefined): number =>
    Math.min(tokens(attributes, name) ?? 0, whole ?? 0);
  const model = attributes[semconv.ATTR_RESPONSE_MODEL] ?? attributes[semconv.ATTR_REQUEST_MODEL];
  const tier = attributes[semconv.ATTR_OPENAI_RESPONSE_SERVICE_TIER];
  const cached = part(semconv.ATTR_USAGE_CACHE_READ, input);
  return {
    usage: tokenUsage({
      input: input ?? 0,
      output: output ?? 0,
      cachedInput: cached,
      cacheWrite: part(semconv.ATTR_USAGE_CACHE_CREATION, (input ?? 0) - cached),
      reasoning: part(semconv.ATTR_USAGE_REASONING, output),
    }),
    model: typeof model === 'string' ? model : '',
    ...(typeof tier === 'string' ? { serviceTier: tier } : {}),
  };
}

function tokens(attributes: Attributes, ...names: string[]): number | undefined {
  for (const name of names) {
    const value = attributes[name];
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  }
  return undefined;
}
