import { type Fields, fieldsOf, listOf, textOf } from '../../util/index.ts';
import { isInstruction, MARGIN, MESSAGE_TOKENS, REQUEST_TOKENS } from './chat.ts';
import { addContent, addUnknown } from './content.ts';
import type { Tally } from './tally.ts';
import { addCall, addFormat, addTools } from './tools.ts';

/** Fields of a request that refer to an earlier response. */
const CONTINUED = ['previous_response_id', 'conversation'] as const;

/**
 * Adds the input of a Responses request. Its framing is that of Chat Completions; `instructions` are one more
 * message.
 */
export function addResponses(tally: Tally, body: Fields): void {
  const instructions = textOf(body['instructions']);
  let hasInstructions = instructions !== '';
  if (hasInstructions) addFrame(tally, 'system', instructions);
  if (typeof body['input'] === 'string') addFrame(tally, 'user', body['input']);
  const items = listOf(body['input']).map(fieldsOf);
  const lastUser = items.findLastIndex((item) => item['role'] === 'user');
  for (const [index, item] of items.entries()) {
    hasInstructions ||= isInstruction(item['role']);
    if (item['type'] === 'reasoning') addReasoning(tally, item, index > lastUser);
    else addItem(tally, item);
  }
  addTools(tally, listOf(body['tools']), 'responses', hasInstructions);
  addFormat(tally, fieldsOf(fieldsOf(body['text'])['format']), 'responses', hasInstructions);
  for (const field of CONTINUED) if (isSet(body[field])) tally.markContinued();
  // Stored by the service.
  if (isSet(body['prompt'])) tally.markOpaque();
  tally.add(REQUEST_TOKENS[tally.framing], MARGIN.request);
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function addFrame(tally: Tally, role: string, content: unknown): void {
  tally.text(role);
  tally.add(MESSAGE_TOKENS, MARGIN.message);
  addContent(tally, content);
}

function addItem(tally: Tally, item: Fields): void {
  switch (item['type']) {
    case undefined:
    case 'message':
      addFrame(tally, textOf(item['role']), item['content']);
      return;
    case 'function_call':
    case 'custom_tool_call':
      tally.add(MESSAGE_TOKENS + 1, MARGIN.message);
      addCall(tally, textOf(item['name']), textOf(item['arguments'] ?? item['input']), 'responses');
      return;
    case 'function_call_output':
    case 'custom_tool_call_output':
      addFrame(tally, 'tool', item['output']);
      return;
    default:
      addUnknown(tally, item);
  }
}

/**
 * Adds reasoning of earlier responses, which is input again only until the next user message. Stored by the
 * service, it has no bound; encrypted, its length bounds it: recorded bills fit 900 characters of overhead
 * and 4.8 a token.
 */
function addReasoning(tally: Tally, item: Fields, isCurrent: boolean): void {
  const { length } = textOf(item['encrypted_content']);
  if (length === 0 && isCurrent) tally.markOpaque();
  const tokens = isCurrent ? Math.max(0, Math.round((length - 900) / 4.8)) : 0;
  tally.add(tokens, length - tokens);
}
