import { type Fields, fieldsOf, isRecord, recordsOf } from '../../util/index.ts';

/*
 * Translates calls of the AI SDK into Chat Completions, so that the same code counts both. Supports versions
 * 2 to 4 of the model specification (AI SDK 5 to 7):
 * https://ai-sdk.dev/providers/community-providers/custom-providers
 */

/** Translates the options of a call of a language model into a request. */
export function chatRequestOf(model: string, params: Fields): Fields {
  const format = fieldsOf(params['responseFormat']);
  return {
    model,
    messages: recordsOf(params['prompt']).map(messageOf),
    ...(params['maxOutputTokens'] === undefined ? {} : { max_completion_tokens: params['maxOutputTokens'] }),
    ...(params['tools'] === undefined ? {} : { tools: recordsOf(params['tools']).map(toolOf) }),
    ...(format['schema'] === undefined
      ? {}
      : {
          response_format: {
            type: 'json_schema',
            json_schema: { name: format['name'], schema: format['schema'] },
          },
        }),
    temperature: params['temperature'],
    top_p: params['topP'],
    seed: params['seed'],
  };
}

function messageOf({ role, content }: Fields): Fields {
  if (typeof content === 'string') return { role, content };
  const calls = recordsOf(content).filter(({ type }) => type === 'tool-call');
  return {
    role,
    content: recordsOf(content).flatMap(partsOf),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map(({ toolCallId, toolName, input }) => ({
            id: toolCallId,
            function: { name: toolName, arguments: textOf(input) },
          })),
        }),
  };
}

function partsOf(part: Fields): unknown[] {
  switch (part['type']) {
    case 'text':
    case 'reasoning':
      return [text(part['text'])];
    case 'file':
      return [fileOf(part)];
    case 'tool-call':
      return [];
    case 'tool-result':
      return [{ type: 'text', id: part['toolCallId'] }, ...outputOf(fieldsOf(part['output']))];
    default:
      return [part];
  }
}

function outputOf(output: Fields): unknown[] {
  if (output['type'] !== 'content') return [text(textOf(output['value'] ?? output['reason'] ?? ''))];
  return recordsOf(output['value']).flatMap(partsOf);
}

function toolOf(tool: Fields): Fields {
  const { type, name, description, inputSchema } = tool;
  // A tool of the provider adds input of its own.
  return type === 'function' ? { type, function: { name, description, parameters: inputSchema } } : tool;
}

/** How many bytes suffice to read the dimensions of an image. */
const HEADER_BYTES = 1 << 18;

function fileOf({ mediaType, data, filename }: Fields): unknown {
  const type = typeof mediaType === 'string' ? mediaType : '';
  // Specification 4 wraps the data in an object.
  const source = isRecord(data) && !(data instanceof URL) && !(data instanceof Uint8Array) ? data : undefined;
  if (source?.['type'] === 'text') return text(source['text']);
  const content = source?.['data'] ?? source?.['url'] ?? (source === undefined ? data : undefined);
  if (type.startsWith('image/'))
    return { type: 'image_url', image_url: { url: urlOf(type, content, HEADER_BYTES) } };
  if (type.startsWith('audio/')) return { type: 'input_audio', input_audio: { data: urlOf(type, content) } };
  const url = urlOf(type, content);
  // The content behind a URL is not part of the request.
  return { type: 'file', file: { filename, ...(url.startsWith('data:') ? { file_data: url } : {}) } };
}

function urlOf(type: string, data: unknown, maxBytes?: number): string {
  if (data instanceof URL) return data.href;
  if (data instanceof Uint8Array) {
    const bytes = Buffer.from(data.buffer, data.byteOffset, Math.min(data.length, maxBytes ?? data.length));
    return `data:${type};base64,${bytes.toString('base64')}`;
  }
  if (typeof data !== 'string') return '';
  return /^(data|https?):/.test(data) ? data : `data:${type};base64,${data}`;
}

function text(value: unknown): unknown {
  return { type: 'text', text: typeof value === 'string' ? value : '' };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
