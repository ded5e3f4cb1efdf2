import { type Fields, fieldsOf, isRecord } from '../../util/index.ts';

/** The result of a call of a language model, as an answer of Chat Completions. */
export function chatResponseOf(result: unknown): Fields {
  const { response, content, usage, finishReason } = fieldsOf(result);
  const parts = Array.isArray(content) ? content.filter(isRecord) : [];
  const said = parts.flatMap(({ type, text }) => (type === 'text' || type === 'reasoning' ? [text] : []));
  const calls = parts.filter(({ type }) => type === 'tool-call');
  return {
    ...identityOf(fieldsOf(response)),
    usage: usageOf(usage),
    choices: [
      {
        finish_reason: reasonOf(finishReason),
        message: {
          content: said.join(''),
          tool_calls: calls.map(({ toolName, input }) => ({
            function: { name: toolName, arguments: input },
          })),
        },
      },
    ],
  };
}

/** A part of a stream, as a chunk of Chat Completions; undefined where it says nothing of tokens. */
export function chatChunkOf(part: unknown): Fields | undefined {
  if (!isRecord(part)) return undefined;
  switch (part['type']) {
    case 'response-metadata':
      return { ...identityOf(part), choices: [] };
    case 'text-delta':
    case 'reasoning-delta':
    case 'tool-input-delta':
      return delta(part['delta']);
    case 'tool-input-start':
      return delta(part['toolName']);
    case 'finish':
      return {
        usage: usageOf(part['usage']),
        choices: [{ finish_reason: reasonOf(part['finishReason']), delta: {} }],
      };
    default:
      return undefined;
  }
}

/** The result of a call of an embedding model, as an answer of Embeddings. */
export function embeddingResponseOf(result: unknown): Fields {
  const { usage } = fieldsOf(result);
  return { usage: isRecord(usage) ? { prompt_tokens: usage['tokens'] } : undefined };
}

function delta(content: unknown): Fields {
  return { choices: [{ delta: { content } }] };
}

function identityOf({ id, modelId }: Fields): Fields {
  return { id, model: modelId };
}

/** Of specification 4, what the SDK understands by it; before, the text itself. */
function reasonOf(reason: unknown): unknown {
  return isRecord(reason) ? reason['unified'] : reason;
}

/** Usage in OpenAI's terms: of specifications 3 and 4 by kind, of 2 as flat numbers. */
function usageOf(usage: unknown): Fields | undefined {
  if (!isRecord(usage)) return undefined;
  const { inputTokens, outputTokens } = usage;
  const input = isRecord(inputTokens)
    ? inputTokens
    : { total: inputTokens, cacheRead: usage['cachedInputTokens'] };
  const output = isRecord(outputTokens)
    ? outputTokens
    : { total: outputTokens, reasoning: usage['reasoningTokens'] };
  return {
    input_tokens: totalInput(input),
    input_tokens_details: { cached_tokens: input['cacheRead'], cache_write_tokens: input['cacheWrite'] },
    output_tokens: output['total'],
    output_tokens_details: { reasoning_tokens: output['reasoning'] },
  };
}

/** Providers of specification 2 may tell what was cached beside the input: then it can be more than that. */
function totalInput({ total, cacheRead }: Fields): unknown {
  if (typeof total !== 'number' || typeof cacheRead !== 'number') return total;
  return cacheRead > total ? total + cacheRead : total;
}
