import { isRecord, recordsOf } from '../../util/index.ts';
import {
  contentParts,
  type Message,
  outputOf,
  type Part,
  serverToolCall,
  textParts,
  toolCall,
  toolCallResponse,
} from './parts.ts';

/** A message of Chat Completions. */
export function chatMessage(message: Readonly<Record<string, unknown>>): Message {
  const role = typeof message['role'] === 'string' ? message['role'] : 'assistant';
  if (role === 'tool' || role === 'function') {
    const id = message['tool_call_id'] ?? message['name'];
    return { role: 'tool', parts: [toolCallResponse(id, outputOf(message['content']))] };
  }
  const { function_call: legacyCall, audio } = message;
  const parts = [
    // Services name the field in two ways.
    ...textParts(message['reasoning_content'] ?? message['reasoning'], 'reasoning'),
    ...contentParts(message['content']),
    ...textParts(message['refusal'], 'refusal'),
    ...(isRecord(audio) ? contentParts({ type: 'audio', transcript: audio['transcript'] }) : []),
    ...recordsOf(message['tool_calls']).map(callPart),
    ...(isRecord(legacyCall) ? [callPart({ function: legacyCall })] : []),
  ];
  return { role, parts };
}

function callPart(call: Readonly<Record<string, unknown>>): Part {
  const invocation = [call['function'], call['custom']].find(isRecord) ?? call;
  const { name } = invocation;
  const part = toolCall(call['id'], name, invocation['arguments'] ?? invocation['input']);
  if (call['type'] !== 'server_tool_use') return part;
  return serverToolCall(call['id'], name, { type: String(name), arguments: part['arguments'] });
}
