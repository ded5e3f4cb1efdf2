import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attributes } from '@opentelemetry/api';
import {
  isModelCall,
  readResponseId,
  readSpanKind,
  readSpanUsage,
} from '../../../src/telemetry/vendors/span-usage.ts';
import { tokenUsage } from '../../../src/usage/index.ts';

/** One call with 1,000 tokens in, 400 of them cached, and 100 out, 60 of them reasoning, in the words of each vendor. */
const TOLD: Readonly<Record<string, Attributes>> = {
  'OpenTelemetry, now': {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-5.2',
    'gen_ai.response.model': 'gpt-5.2-2025-12-11',
    'gen_ai.response.id': 'chatcmpl-7',
    'gen_ai.usage.input_tokens': 1_000,
    'gen_ai.usage.cache_read.input_tokens': 400,
    'gen_ai.usage.output_tokens': 100,
    'gen_ai.usage.reasoning.output_tokens': 60,
  },
  OpenInference: {
    'openinference.span.kind': 'LLM',
    'llm.provider': 'openai',
    'llm.model_name': 'gpt-5.2-2025-12-11',
    'llm.token_count.prompt': 1_000,
    'llm.token_count.prompt_details.cache_read': 400,
    'llm.token_count.completion': 100,
    'llm.token_count.completion_details.reasoning': 60,
    'output.value': '{"id":"chatcmpl-7","object":"chat.completion","choices":[]}',
  },
  'Traceloop, before it took the names of OpenTelemetry': {
    'llm.request.type': 'chat',
    'gen_ai.system': 'openai',
    'gen_ai.response.model': 'gpt-5.2-2025-12-11',
    'gen_ai.response.id': 'chatcmpl-7',
    'gen_ai.usage.prompt_tokens': 1_000,
    'gen_ai.usage.cache_read_input_tokens': 400,
    'gen_ai.usage.completion_tokens': 100,
    'gen_ai.usage.reasoning_tokens': 60,
  },
  'Vercel AI SDK 7, its older telemetry': {
    'ai.operationId': 'ai.generateText.doGenerate',
    'ai.model.provider': 'openai.chat',
    'ai.model.id': 'gpt-5.2',
    'ai.response.model': 'gpt-5.2-2025-12-11',
    'ai.response.id': 'chatcmpl-7',
    'ai.usage.inputTokens': 1_000,
    'ai.usage.cachedInputTokens': 400,
    'ai.usage.outputTokens': 100,
    'ai.usage.reasoningTokens': 60,
    'gen_ai.usage.input_tokens': 1_000,
    'gen_ai.usage.output_tokens': 100,
  },
  LangSmith: {
    'langsmith.span.kind': 'llm',
    'gen_ai.operation.name': 'chat',
    'gen_ai.system': 'openai',
    'gen_ai.request.model': 'gpt-5.2-2025-12-11',
    'gen_ai.usage.input_tokens': 1_000,
    'gen_ai.usage.output_tokens': 100,
    'langsmith.usage_metadata':
      '{"input_tokens":1000,"output_tokens":100,"input_token_details":{"cache_read":400},"output_token_details":{"reasoning":60}}',
    'gen_ai.completion': '{"id":"chatcmpl-7","choices":[]}',
  },
  Langfuse: {
    'langfuse.observation.type': 'generation',
    'langfuse.observation.model.name': 'gpt-5.2-2025-12-11',
    'langfuse.observation.usage_details':
      '{"input":600,"input_cached_tokens":400,"output":40,"output_reasoning_tokens":60,"total":1100}',
    'langfuse.observation.output': '{"id":"chatcmpl-7"}',
  },
  'Langfuse, with usage as OpenAI tells it': {
    'langfuse.observation.type': 'generation',
    'langfuse.observation.model.name': 'gpt-5.2-2025-12-11',
    'langfuse.observation.usage_details':
      '{"prompt_tokens":1000,"completion_tokens":100,"prompt_tokens_details":{"cached_tokens":400},"completion_tokens_details":{"reasoning_tokens":60}}',
    'langfuse.observation.output': '{"id":"chatcmpl-7"}',
  },
};

describe('a model call in the words of', () => {
  for (const [vendor, attributes] of Object.entries(TOLD)) {
    it(vendor, () => {
      assert.equal(isModelCall(attributes), true);
      const seen = readSpanUsage(attributes);
      assert.deepEqual(
        seen?.usage,
        tokenUsage({ input: 1_000, cachedInput: 400, output: 100, reasoning: 60 }),
      );
      assert.equal(seen?.model, 'gpt-5.2-2025-12-11');
      assert.equal(readResponseId(attributes), 'chatcmpl-7');
    });
  }
});

describe('a span that is no single call of a model', () => {
  const cases: readonly Attributes[] = [
    { 'ai.operationId': 'ai.generateText', 'ai.usage.inputTokens': 9 },
    { 'ai.operationId': 'ai.toolCall' },
    { 'openinference.span.kind': 'AGENT', 'llm.token_count.prompt': 9 },
    { 'openinference.span.kind': 'CHAIN', 'llm.token_count.prompt': 9 },
    { 'openinference.span.kind': 'RETRIEVER' },
    { 'langfuse.observation.type': 'agent', 'langfuse.observation.usage_details': '{"input":9}' },
    // LangSmith names a prompt `chat`, and a retriever `embeddings`.
    { 'langsmith.span.kind': 'prompt', 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': 9 },
    { 'langsmith.span.kind': 'retriever', 'gen_ai.operation.name': 'embeddings' },
    { 'langsmith.span.kind': 'chain', 'gen_ai.operation.name': 'chain', 'gen_ai.usage.input_tokens': 9 },
    { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.usage.input_tokens': 9 },
    { 'llm.request.type': 'rerank' },
  ];
  for (const attributes of cases) {
    it(JSON.stringify(Object.entries(attributes)[0]), () => assert.equal(readSpanKind(attributes), 'other'));
  }

  it('and one that says nothing of itself', () => {
    assert.equal(readSpanKind({ 'http.request.method': 'POST', 'llm.token_count.prompt': 9 }), undefined);
  });
});

describe('usage that cannot be believed', () => {
  const call = { 'langfuse.observation.type': 'generation' };
  for (const details of [
    'no JSON',
    'null',
    '[]',
    '{}',
    '{"input":-1}',
    '{"input":1.5,"output":"9"}',
    '{"input":1e300}',
    '{"prompt_tokens":"x"}',
    `{"input":5,"pad":"${'x'.repeat(20_000)}"}`,
  ]) {
    it(details.slice(0, 40), () => {
      const attributes = { ...call, 'langfuse.observation.usage_details': details };
      assert.equal(readSpanUsage(attributes), undefined);
    });
  }

  it('parts above their whole are added to the input, and cut to the output', () => {
    const { usage } =
      readSpanUsage({
        'openinference.span.kind': 'LLM',
        'llm.token_count.prompt': 10,
        'llm.token_count.prompt_details.cache_read': 300,
        'llm.token_count.prompt_details.cache_write': 200,
        'llm.token_count.completion': 5,
        'llm.token_count.completion_details.reasoning': 50,
      }) ?? {};
    assert.deepEqual(
      usage,
      tokenUsage({ input: 510, cachedInput: 300, cacheWrite: 200, output: 5, reasoning: 5 }),
    );
  });
});
