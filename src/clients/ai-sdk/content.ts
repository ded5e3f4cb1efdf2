import { type Fields, fieldsOf, recordsOf, textOf } from '../../util/index.ts';

/*
 * Translates the content of a call of the AI SDK into Chat Completions, to capture it: unlike the translation for
 * counting, it keeps results and reasoning apart.
 */

/** Translates the options of a call of a language model. */
export function chatContentOf(params: Fields): Fields {
  return {
    messages: recordsOf(params['prompt']).flatMap(messagesOf),
    tools: recordsOf(params['tools']).map(({ type, name }) => ({ type, name })),
  };
}

/** A message of results is one for each result. */
function messagesOf({ role, content }: Fields): Fields[] {
  if (typeof content === 'string') return [{ role, content }];
  const parts = recordsOf(content);
  const ofType = (type: string): Fields[] => parts.filter((part) => part['type'] === type);
  const results = ofType('tool-result').map((part) => ({
    role: 'tool',
    tool_call_id: part['toolCallId'],
    content: resultOf(fieldsOf(part['output'])),
  }));
  const calls = ofType('tool-call').map(({ toolCallId, toolName, input }) => ({
    id: toolCallId,
    function: { name: toolName, arguments: input },
  }));
  const reasoning = ofType('reasoning').map(({ text }) => textOf(text));
  // The rest of a message of results is decisions on calls, without content.
  if (role === 'tool') return results;
  return [
    ...results,
    {
      role,
      content: parts.filter(({ type }) => !SEPARATE.has(type)),
      ...(reasoning.length === 0 ? {} : { reasoning_content: reasoning.join('') }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
  ];
}

const SEPARATE: ReadonlySet<unknown> = new Set(['tool-result', 'tool-call', 'reasoning']);

function resultOf(output: Fields): unknown {
  return output['value'] ?? output['reason'] ?? '';
}
