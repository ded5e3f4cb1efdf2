import { type Fields, fieldsOf, isRecord, recordsOf } from '../../util/index.ts';

/**
 * Calls of the AI SDK in the terms of Chat Completions, so that they are counted by the same code. Read are the specifications of
 * models 2 to 4 (AI SDK 5 to 7): https://ai-sdk.dev/providers/community-providers/custom-providers
 */

/** The request that a call of a language model comes to. */
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
          tool_calls: calls.map(({ toolName, input }) => ({
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
      return [text(part['toolCallId']), ...outputOf(fieldsOf(part['output']))];
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
  // A tool of the provider brings input of its own.
  return type === 'function' ? { type, function: { name, description, parameters: inputSchema } } : tool;
}

/** Bytes that are enough to tell the size of a picture. */
const HEADER_BYTES = 1 << 18;

function fileOf({ mediaType, data, filename }: Fields): unknown {
  const type = typeof mediaType === 'string' ? mediaType : '';
  const given = isRecord(data) && !(data instanceof URL) && !(data instanceof Uint8Array) ? data : undefined;
  if (given?.['type'] === 'text') return text(given['text']);
  const content = given?.['data'] ?? given?.['url'] ?? (given === undefined ? data : undefined);
  if (type.startsWith('image/'))
    return { type: 'image_url', image_url: { url: urlOf(type, content, HEADER_BYTES) } };
  if (type.startsWith('audio/')) return { type: 'input_audio', input_audio: { data: urlOf(type, content) } };
  const url = urlOf(type, content);
  // What lies behind a URL is not in the request.
  return { type: 'file', file: { filename, ...(url.startsWith('data:') ? { file_data: url } : {}) } };
}

function urlOf(type: string, data: unknown, most?: number): string {
  if (data instanceof URL) return data.href;
  if (data instanceof Uint8Array) {
    const bytes = Buffer.from(data.buffer, data.byteOffset, Math.min(data.length, most ?? data.length));
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
