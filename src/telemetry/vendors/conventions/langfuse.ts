import { readUsage, type UsageKind } from '../../../usage/index.ts';
import { parseJsonAttribute, type SpanConvention } from './convention.ts';

/**
 * Langfuse (SDK 4 and later): https://langfuse.com/docs/observability/features/token-and-cost-tracking.
 * Usage is JSON, either in OpenAI's format, or with keys for disjoint parts: `input`, `input_cached_tokens`,
 * `output`, `output_reasoning_tokens`, …
 */
export const langfuse: SpanConvention = {
  kind: { attribute: 'langfuse.observation.type', calls: ['generation', 'embedding'] },
  parsed: (attributes): Partial<Record<UsageKind, unknown>> => {
    const details = parseJsonAttribute(attributes, 'langfuse.observation.usage_details');
    if ('prompt_tokens' in details || 'input_tokens' in details) {
      const { usage, inputKnown, outputKnown } = readUsage(details);
      return inputKnown || outputKnown ? usage : {};
    }
    return {
      input: sumTokens(details, /^(input|cache_)/),
      output: sumTokens(details, /^output/),
      cachedInput: sumTokens(details, /^input_cached_tokens$|cache_read/),
      cacheWrite: sumTokens(details, /cache_(write|creation)/),
      audioInput: details['input_audio_tokens'],
      reasoning: details['output_reasoning_tokens'],
      audioOutput: details['output_audio_tokens'],
    };
  },
  model: ['langfuse.observation.model.name'],
  response: ['langfuse.observation.output'],
};

/** Sums the tokens of matching keys: undefined if no key matches, NaN if a value is not a number. */
function sumTokens(details: Readonly<Record<string, unknown>>, keys: RegExp): number | undefined {
  const values = Object.entries(details).flatMap(([key, value]) => (keys.test(key) ? [value] : []));
  if (values.length === 0) return undefined;
  return values.reduce<number>((total, value) => (typeof value === 'number' ? total + value : Number.NaN), 0);
}
