import { type Fields, fieldsOf, recordsOf } from '../../util/index.ts';

/*
 * Translates the content of a request to Anthropic's Messages API into Chat Completions, to capture it: unlike the
 * translation for counting, it adds nothing and keeps calls, results and thinking apart.
 */

/** Translates a request. */
export function chatContentOfMessages(body: Fields): Fields {
  const { system, tools } = body;
  return {
    ...(system === undefined ? {} : { instructions: system }),
    messages: recordsOf(body['messages']).flatMap(messagesOf),
    tools: recordsOf(tools).map(({ type, name }) => ({
      type: type === undefined || type === 'custom' ? 'function' : type,
      name,
    })),
  };
}

/** A message with results of tools is one for each result, and one for the rest. */
function messagesOf({ role, content }: Fields): Fields[] {
  if (typeof content === 'string') return [{ role, content }];
  const blocks = recordsOf(content);
  const ofType = (...types: readonly string[]): Fields[] =>
    blocks.filter(({ type }) => types.includes(String(type)));
  const results = ofType('tool_result').map((block) => ({
    role: 'tool',
    tool_call_id: block['tool_use_id'],
    content: block['content'],
  }));
  const calls = ofType(...TOOL_USE).map(toolCallOf);
  const thinking = ofType('thinking').map((block) => block['thinking']);
  const rest = blocks.filter(({ type }) => !SEPARATE.has(type));
  return [
    ...results,
    {
      role,
      content: rest,
      ...(thinking.length === 0 ? {} : { reasoning_content: thinking.join('') }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
  ];
}

/** Calls of tools, of the program or of the service. */
export const TOOL_USE = ['tool_use', 'server_tool_use', 'mcp_tool_use'] as const;

/** Blocks that are not part of the content of a message; redacted thinking says nothing. */
const SEPARATE: ReadonlySet<unknown> = new Set([...TOOL_USE, 'tool_result', 'thinking', 'redacted_thinking']);

/** Translates a call of a tool; that of the service keeps its type. */
export function toolCallOf(block: Fields): Fields {
  const { id, type, name } = block;
  return {
    id,
    ...(type === 'tool_use' ? {} : { type: 'server_tool_use' }),
    function: { name, arguments: JSON.stringify(fieldsOf(block['input'])) },
  };
}
