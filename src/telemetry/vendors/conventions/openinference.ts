import type { SpanConvention } from './convention.ts';

/**
 * OpenInference (Arize, Phoenix):
 * https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md
 */
export const openInference: SpanConvention = {
  kind: { attribute: 'openinference.span.kind', calls: ['LLM', 'EMBEDDING'] },
  tokens: {
    input: ['llm.token_count.prompt'],
    output: ['llm.token_count.completion'],
    cachedInput: ['llm.token_count.prompt_details.cache_read'],
    cacheWrite: ['llm.token_count.prompt_details.cache_write'],
    audioInput: ['llm.token_count.prompt_details.audio'],
    reasoning: ['llm.token_count.completion_details.reasoning'],
    audioOutput: ['llm.token_count.completion_details.audio'],
  },
  model: ['llm.response.model_name', 'llm.model_name', 'llm.request.model_name', 'embedding.model_name'],
  provider: ['llm.provider', 'llm.system'],
  response: ['output.value'],
};
