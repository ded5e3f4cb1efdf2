import { type Fields, fieldsOf, listOf, textOf } from '../../util/index.ts';
import { addContent } from './content.ts';
import type { Framing } from './models.ts';
import type { Tally } from './tally.ts';
import { addCall, addFormat, addTools } from './tools.ts';

/**
 * The tokens that frame a message. Measured on recorded bills and exact for all plain text except o1-mini's:
 * each message is 3 tokens, its role and its content; a request 3 more, 2 for the reasoning models. A
 * message's name is its tokens and 1
 * (https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken).
 */
export const MESSAGE_TOKENS = 3;

/**
 * The margin that admission adds to the framing: a future model may frame differently, o1-mini took 8 tokens
 * more.
 */
export const MARGIN = { request: 8, message: 1 } as const;

/** The tokens that frame a request. */
export const REQUEST_TOKENS: Readonly<Record<Framing, number>> = { harmony: 2, chatml: 3 };

/** Adds the input of a Chat Completions request. */
export function addChat(tally: Tally, body: Fields): void {
  let hasInstructions = false;
  for (const value of listOf(body['messages'])) {
    const message = fieldsOf(value);
    hasInstructions ||= isInstruction(message['role']);
    addMessage(tally, message);
  }
  if (body['tools'] !== undefined || body['functions'] !== undefined) {
    const functions = listOf(body['functions']).map((definition) => ({
      type: 'function',
      function: definition,
    }));
    addTools(tally, [...listOf(body['tools']), ...functions], 'chat', hasInstructions);
  }
  if (body['response_format'] !== undefined)
    addFormat(tally, fieldsOf(fieldsOf(body['response_format'])['json_schema']), 'chat', hasInstructions);
  // The search models add pages to the input.
  if (body['web_search_options'] !== undefined || /-search-/.test(tally.model)) tally.markOpaque();
  tally.add(REQUEST_TOKENS[tally.framing], MARGIN.request);
}

/** Whether a role is that of an instruction. */
export function isInstruction(role: unknown): boolean {
  return role === 'system' || role === 'developer';
}

function addMessage(tally: Tally, message: Fields): void {
  const { role, content, refusal } = message;
  tally.text(textOf(role));
  tally.add(MESSAGE_TOKENS, MARGIN.message);
  if (typeof content === 'string') tally.text(content);
  else addContent(tally, content);
  if (typeof refusal === 'string') tally.text(refusal);
  const name = textOf(message['name']);
  if (name !== '') {
    tally.text(name);
    tally.add(1);
  }
  const calls = listOf(message['tool_calls']);
  for (const value of calls) {
    const call = fieldsOf(value);
    const made = fieldsOf(call['function'] ?? call['custom']);
    addCall(tally, textOf(made['name']), textOf(made['arguments'] ?? made['input']), 'chat');
  }
  // Parallel calls are wrapped into one of `multi_tool_use.parallel`, as a list of recipients and parameters.
  if (calls.length > 1) tally.add(10 * calls.length, 4 * calls.length);
  const call = fieldsOf(message['function_call']);
  if ('name' in call) addCall(tally, textOf(call['name']), textOf(call['arguments']), 'chat');
  // The service stores the audio of an earlier response under an id.
  if (typeof message['audio'] === 'object' && message['audio'] !== null) tally.markOpaque();
}
