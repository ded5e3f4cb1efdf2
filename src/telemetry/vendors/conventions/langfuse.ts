import { readUsage, type UsageKind } from '../../../usage/index.ts';
import { parseJsonAttribute, type SpanConvention } from './convention.ts';

/**
 * Langfuse (SDK 4 and later): https://langfuse.com/docs/observability/features/token-and-cost-tracking. Usage
 * is JSON, either as OpenAI tells it, or by keys that name disjoint parts: `input`, `input_cached_tokens`,
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
      input: sum(details, /^(input|cache_)/),
      output: sum(details, /^output/),
      cachedInput: sum(details, /^input_cached_tokens$|cache_read/),
      cacheWrite: sum(details, /cache_(write|creation)/),
      audioInput: details['input_audio_tokens'],
      reasoning: details['output_reasoning_tokens'],
      audioOutput: details['output_audio_tokens'],
    };
  },
  model: ['langfuse.observation.model.name'],
  response: ['langfuse.observation.output'],
};

/** The tokens of the keys that match; undefined where none does, not a number where one is none. */
function sum(details: Readonly<Record<string, unknown>>, keys: RegExp): number | undefined {
  const values = Object.entries(details).flatMap(([key, value]) => (keys.test(key) ? [value] : []));
  if (values.length === 0) return undefined;
  return values.reduce<number>((total, value) => (typeof value === 'number' ? total + value : Number.NaN), 0);
}
