import type { SpanConvention } from './convention.ts';

/**
 * OpenLLMetry (Traceloop): its own names besides OpenTelemetry's, from @traceloop/ai-semantic-conventions.
 */
export const traceloop: SpanConvention = {
  kind: { attribute: 'llm.request.type', calls: ['chat', 'completion', 'embedding'] },
  tokens: {
    input: ['llm.usage.prompt_tokens'],
    output: ['llm.usage.completion_tokens'],
    cachedInput: ['gen_ai.usage.cache_read_input_tokens'],
    cacheWrite: ['gen_ai.usage.cache_creation_input_tokens'],
    reasoning: ['gen_ai.usage.reasoning_tokens'],
  },
};
