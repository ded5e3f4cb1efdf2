import { semconv } from '../../names/index.ts';
import type { SpanConvention } from './convention.ts';

/**
 * OpenTelemetry's GenAI conventions. Current names are in semconv.ts; `gen_ai.system`, `prompt_tokens`,
 * `completion_tokens` and `gen_ai.openai.*` are from semantic-conventions 1.26 to 1.36, and still in use.
 */
export const genAi: SpanConvention = {
  kind: {
    attribute: semconv.ATTR_OPERATION_NAME,
    calls: ['chat', 'text_completion', 'embeddings', 'generate_content'],
  },
  tokens: {
    input: [semconv.ATTR_USAGE_INPUT_TOKENS, 'gen_ai.usage.prompt_tokens'],
    output: [semconv.ATTR_USAGE_OUTPUT_TOKENS, 'gen_ai.usage.completion_tokens'],
    cachedInput: [semconv.ATTR_USAGE_CACHE_READ],
    // The second name is the older one.
    cacheWrite: [semconv.ATTR_USAGE_CACHE_WRITE, 'gen_ai.usage.cache_creation.input_tokens'],
    reasoning: [semconv.ATTR_USAGE_REASONING],
    audioInput: [semconv.ATTR_USAGE_AUDIO_INPUT],
    audioOutput: [semconv.ATTR_USAGE_AUDIO_OUTPUT],
    imageInput: [semconv.ATTR_USAGE_IMAGE_INPUT],
    imageOutput: [semconv.ATTR_USAGE_IMAGE_OUTPUT],
    cachedAudioInput: [semconv.ATTR_USAGE_AUDIO_CACHE_READ],
    cachedImageInput: [semconv.ATTR_USAGE_IMAGE_CACHE_READ],
  },
  model: [semconv.ATTR_RESPONSE_MODEL, semconv.ATTR_REQUEST_MODEL],
  provider: [semconv.ATTR_PROVIDER_NAME, 'gen_ai.system'],
  serviceTier: [semconv.ATTR_OPENAI_RESPONSE_SERVICE_TIER, 'gen_ai.openai.response.service_tier'],
  responseId: [semconv.ATTR_RESPONSE_ID],
  response: [semconv.ATTR_OUTPUT_MESSAGES],
};
