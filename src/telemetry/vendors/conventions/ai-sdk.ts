import type { SpanConvention } from './convention.ts';

/**
 * Vercel AI SDK 3 to 6, and `LegacyOpenTelemetry` of 7: https://ai-sdk.dev/docs/ai-sdk-core/telemetry. The
 * outer span (`ai.generateText`) sums its steps; each step is one call. Version 7 otherwise reports its calls
 * by OpenTelemetry's conventions.
 */
export const aiSdk: SpanConvention = {
  kind: {
    attribute: 'ai.operationId',
    calls: [
      'ai.generateText.doGenerate',
      'ai.streamText.doStream',
      'ai.generateObject.doGenerate',
      'ai.streamObject.doStream',
      'ai.embed.doEmbed',
      'ai.embedMany.doEmbed',
    ],
  },
  tokens: {
    input: ['ai.usage.inputTokens', 'ai.usage.promptTokens', 'ai.usage.tokens'],
    output: ['ai.usage.outputTokens', 'ai.usage.completionTokens'],
    cachedInput: ['ai.usage.inputTokenDetails.cacheReadTokens', 'ai.usage.cachedInputTokens'],
    cacheWrite: ['ai.usage.inputTokenDetails.cacheWriteTokens'],
    reasoning: ['ai.usage.outputTokenDetails.reasoningTokens', 'ai.usage.reasoningTokens'],
  },
  model: ['ai.response.model', 'ai.model.id'],
  provider: ['ai.model.provider'],
  responseId: ['ai.response.id'],
};
