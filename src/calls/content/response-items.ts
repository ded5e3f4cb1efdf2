import { isRecord, recordsOf } from '../../util/index.ts';
import { chatMessage } from './chat-messages.ts';
import {
  contentParts,
  type Message,
  outputOf,
  type Part,
  parsedArguments,
  serverToolCall,
  serverToolCallResponse,
  textParts,
  toolCall,
  toolCallResponse,
} from './parts.ts';

type Item = Readonly<Record<string, unknown>>;

/** An item of the input or output of Responses as a message; one without parts says nothing. */
export function itemMessage(item: Item): Message {
  const { type, role } = item;
  if (type === 'message' || (type === undefined && role !== undefined)) return chatMessage(item);
  const isAnswer = /_output$|_response$/.test(String(type)) && type !== 'tool_search_output';
  return { role: isAnswer ? 'tool' : 'assistant', parts: itemParts(item) };
}

/** The parts of an item of Responses (https://platform.openai.com/docs/api-reference/responses/object). */
export function itemParts(item: Item): Part[] {
  const { type, id, name } = item;
  const callId = item['call_id'] ?? id;
  switch (type) {
    case 'message':
      return contentParts(item['content']);
    case 'reasoning':
      return [...recordsOf(item['summary']), ...recordsOf(item['content'])].flatMap(({ text }) =>
        textParts(text, 'reasoning'),
      );
    case 'function_call':
      return [toolCall(callId, name, item['arguments'])];
    case 'custom_tool_call':
      return [toolCall(callId, name, item['input'])];
    case 'mcp_approval_request':
      return [toolCall(id, name, item['arguments'])];
    case 'computer_call':
      return [toolCall(callId, 'computer', item['action'] ?? item['actions'])];
    case 'local_shell_call':
      return [toolCall(callId, 'local_shell', item['action'])];
    case 'shell_call':
      return [toolCall(callId, 'shell', item['action'])];
    case 'apply_patch_call':
      return [toolCall(callId, 'apply_patch', item['operation'])];
    case 'mcp_approval_response':
      return [toolCallResponse(item['approval_request_id'], { approve: item['approve'] })];
    case 'tool_search_call':
      return item['execution'] === 'client'
        ? [toolCall(callId, 'tool_search', item['arguments'])]
        : [serverToolCall(callId, 'tool_search', { type: 'tool_search', arguments: item['arguments'] })];
    case 'compaction':
      return [{ type: 'compaction', id }];
    default:
      return hostedToolParts(item) ?? answerParts(item);
  }
}

/** The call of a tool that the service ran, with its result; undefined for other items. */
function hostedToolParts(item: Item): Part[] | undefined {
  const { type, id } = item;
  switch (type) {
    case 'web_search_call':
      return [serverToolCall(id, 'web_search', { type: 'web_search', action: item['action'] })];
    case 'file_search_call':
      return [
        serverToolCall(id, 'file_search', { type: 'file_search', queries: item['queries'] }),
        ...result(id, 'file_search', 'results', item['results']),
      ];
    case 'code_interpreter_call':
      return [
        serverToolCall(id, 'code_interpreter', { type: 'code_interpreter', code: item['code'] }),
        ...result(id, 'code_interpreter', 'logs', logsOf(item['outputs'])),
      ];
    case 'image_generation_call':
      return [
        serverToolCall(id, 'image_generation', {
          type: 'image_generation',
          ...(typeof item['revised_prompt'] === 'string' ? { revised_prompt: item['revised_prompt'] } : {}),
        }),
      ];
    case 'mcp_call':
      return [
        serverToolCall(id, item['name'], {
          type: 'mcp',
          server_label: item['server_label'],
          arguments: parsedArguments(item['arguments']),
        }),
        ...result(id, 'mcp', 'output', item['output']),
        ...result(id, 'mcp', 'error', item['error']),
      ];
    case 'mcp_list_tools':
      return [
        serverToolCall(id, 'mcp_list_tools', { type: 'mcp_list_tools', server_label: item['server_label'] }),
      ];
    default:
      return undefined;
  }
}

function result(id: unknown, type: string, field: string, value: unknown): Part[] {
  return value === undefined || value === null ? [] : [serverToolCallResponse(id, { type, [field]: value })];
}

/** What code printed; the images that it drew are left out. */
function logsOf(outputs: unknown): string[] | undefined {
  const logs = recordsOf(outputs).flatMap(({ logs: text }) => (typeof text === 'string' ? [text] : []));
  return logs.length > 0 ? logs : undefined;
}

/** The answer of the program to a call, or of the service; of an item of an unknown kind only the type is kept. */
function answerParts(item: Item): Part[] {
  const { type } = item;
  if (typeof type !== 'string') return [{ type: 'unknown' }];
  if (type === 'tool_search_output') {
    const tools = recordsOf(item['tools']).map(({ name }) => name);
    return item['execution'] === 'client'
      ? [toolCallResponse(item['call_id'], tools)]
      : [serverToolCallResponse(item['call_id'] ?? item['id'], { type: 'tool_search', tools })];
  }
  if (type.endsWith('_output') && 'output' in item)
    return [toolCallResponse(item['call_id'], outputOf(item['output']))];
  return [isRecord(item) && typeof item['id'] === 'string' ? { type, id: item['id'] } : { type }];
}
