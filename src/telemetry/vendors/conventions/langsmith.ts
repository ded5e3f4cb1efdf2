import type { UsageKind } from '../../../usage/index.ts';
import { fieldsOf } from '../../../util/index.ts';
import { parseJsonAttribute, type SpanConvention } from './convention.ts';

/**
 * LangSmith's OpenTelemetry mode (`LANGSMITH_OTEL_ENABLED`): totals under OpenTelemetry's names, details as
 * JSON. A chain repeats the usage of its calls; the kind of the run distinguishes them.
 */
export const langSmith: SpanConvention = {
  kind: { attribute: 'langsmith.span.kind', calls: ['llm', 'embedding'] },
  parsed: (attributes): Partial<Record<UsageKind, unknown>> => {
    const usage = parseJsonAttribute(attributes, 'langsmith.usage_metadata');
    const input = fieldsOf(usage['input_token_details']);
    const output = fieldsOf(usage['output_token_details']);
    return {
      input: usage['input_tokens'],
      output: usage['output_tokens'],
      cachedInput: input['cache_read'],
      cacheWrite: input['cache_creation'],
      audioInput: input['audio'],
      reasoning: output['reasoning'],
      audioOutput: output['audio'],
    };
  },
  serviceTier: ['gen_ai.response.service_tier'],
  response: ['gen_ai.completion'],
};
