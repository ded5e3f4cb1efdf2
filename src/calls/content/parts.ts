import { isRecord, oneOrMany, parseJson } from '../../util/index.ts';

/** A part of a message, in the JSON of the conventions: its type decides which other fields it has. */
export interface Part {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A message, in the JSON of the conventions. */
export interface Message {
  readonly role: string;
  readonly parts: readonly Part[];
  readonly finish_reason?: string;
}

/** A text; none if it is empty. */
export function textParts(content: unknown, type: 'text' | 'reasoning' | 'refusal' = 'text'): Part[] {
  return typeof content === 'string' && content !== '' ? [{ type, content }] : [];
}

/** The parts of the content of a message: a text, or a list. Of images, audio and files only the type is kept. */
export function contentParts(content: unknown): Part[] {
  if (content === null || content === undefined) return [];
  return oneOrMany(content).flatMap((part) => {
    if (typeof part === 'string') return textParts(part);
    if (!isRecord(part)) return [{ type: 'unknown' }];
    if (typeof part['text'] === 'string') return textParts(part['text']);
    if (part['type'] === 'refusal') return textParts(part['refusal'], 'refusal');
    const type = typeof part['type'] === 'string' ? part['type'] : 'unknown';
    return [typeof part['transcript'] === 'string' ? { type, transcript: part['transcript'] } : { type }];
  });
}

/** A call that the program has to answer. */
export function toolCall(id: unknown, name: unknown, args: unknown): Part {
  return { type: 'tool_call', id, name, arguments: parsedArguments(args) };
}

/** The answer of the program to a call. */
export function toolCallResponse(id: unknown, response: unknown): Part {
  return { type: 'tool_call_response', id, response };
}

/** A call that the service ran itself. */
export function serverToolCall(id: unknown, name: unknown, details: Part): Part {
  return { type: 'server_tool_call', id, name, server_tool_call: details };
}

/** What the service's own call returned. */
export function serverToolCallResponse(id: unknown, details: Part): Part {
  return { type: 'server_tool_call_response', id, server_tool_call_response: details };
}

/** Arguments as the object that their JSON describes; anything else, such as the input of a custom tool, as it is. */
export function parsedArguments(args: unknown): unknown {
  const parsed = typeof args === 'string' && args.startsWith('{') ? parseJson(args) : undefined;
  return isRecord(parsed) ? parsed : args;
}

/** What the program answered to a call: a text as it is, a list as parts without the bytes of images and files. */
export function outputOf(output: unknown): unknown {
  if (Array.isArray(output)) return contentParts(output);
  // A screenshot of a computer.
  if (isRecord(output) && ('image_url' in output || 'file_id' in output)) return contentParts(output);
  return output;
}
