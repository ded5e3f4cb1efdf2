import { type Fields, fieldsOf, isRecord } from '../../util/index.ts';

/** Translates the result of a call of a language model into a response of Chat Completions. */
export function chatResponseOf(result: unknown): Fields {
  const { response, content, usage, finishReason } = fieldsOf(result);
  const parts = Array.isArray(content) ? content.filter(isRecord) : [];
  const textOf = (kind: string): string =>
    parts.flatMap(({ type, text }) => (type === kind && typeof text === 'string' ? [text] : [])).join('');
  const reasoning = textOf('reasoning');
  const calls = parts.filter(({ type }) => type === 'tool-call');
  return {
    ...identityOf(fieldsOf(response)),
    usage: usageOf(usage),
    choices: [
      {
        finish_reason: reasonOf(finishReason),
        message: {
          content: textOf('text'),
          ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
          tool_calls: calls.map(({ toolCallId, toolName, input }) => ({
            id: toolCallId,
            function: { name: toolName, arguments: input },
          })),
        },
      },
    ],
  };
}

/**
 * Translates a part of a stream into a chunk of Chat Completions; undefined if it does not bear on tokens.
 */
export function chatChunkOf(part: unknown): Fields | undefined {
  if (!isRecord(part)) return undefined;
  switch (part['type']) {
    case 'response-metadata':
      return { ...identityOf(part), choices: [] };
    case 'reasoning-delta':
      return { choices: [{ delta: { reasoning_content: part['delta'] } }] };
    case 'text-delta':
      return { choices: [{ delta: { content: part['delta'] } }] };
    case 'tool-input-start':
      return callDelta(part['id'], { name: part['toolName'] });
    case 'tool-input-delta':
      return callDelta(part['id'], { arguments: part['delta'] });
    case 'finish':
      return {
        usage: usageOf(part['usage']),
        choices: [{ finish_reason: reasonOf(part['finishReason']), delta: {} }],
      };
    default:
      return undefined;
  }
}

/** Translates the result of a call of an embedding model into a response of Embeddings. */
export function embeddingResponseOf(result: unknown): Fields {
  const { usage } = fieldsOf(result);
  return { usage: isRecord(usage) ? { prompt_tokens: usage['tokens'] } : undefined };
}

function callDelta(id: unknown, pieces: Fields): Fields {
  return { choices: [{ delta: { tool_calls: [{ id, function: pieces }] } }] };
}

function identityOf({ id, modelId }: Fields): Fields {
  return { id, model: modelId };
}

/** Specifications 3 and 4 have an object with the unified reason; 2 has the reason itself. */
function reasonOf(reason: unknown): unknown {
  return isRecord(reason) ? reason['unified'] : reason;
}

/** Translates a usage into OpenAI's terms: specifications 3 and 4 report it by kind, 2 as flat numbers. */
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

/** With specification 2, the input may exclude cached tokens: it does if there are more of them. */
function totalInput({ total, cacheRead }: Fields): unknown {
  if (typeof total !== 'number' || typeof cacheRead !== 'number') return total;
  return cacheRead > total ? total + cacheRead : total;
}
