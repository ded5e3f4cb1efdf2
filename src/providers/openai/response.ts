import { readUsage } from '../../usage/index.ts';
import { isRecord, recordsOf } from '../../util/index.ts';
import type { Endpoint, ParsedResponse } from '../contract/index.ts';
import { parseHostedTools } from './hosted-tools.ts';

/** The states of responses, batches, runs and videos that are not finished. */
const UNFINISHED: ReadonlySet<unknown> = new Set([
  'queued',
  'in_progress',
  'requires_action',
  'cancelling',
  'validating',
  'finalizing',
]);

/** Whether an object of the API reports work that is not finished. */
export function isUnfinished(value: Readonly<Record<string, unknown>>): boolean {
  return UNFINISHED.has(value['status']);
}

/** Parses a response, or an object like one from a stream. Never throws; malformed fields are left out. */
export function parseResponse(value: unknown, endpoint: Endpoint): ParsedResponse {
  const response = isRecord(value) ? value : {};
  const parsed: Omit<ParsedResponse, TextField | 'tools'> & {
    -readonly [P in TextField | 'tools']?: ParsedResponse[P];
  } = {
    usage: readUsage(response['usage'], { outputExpected: endpoint.hasOutput }),
    finishReasons: finishReasonsOf(response),
    unfinished: isUnfinished(response),
  };
  if (mayHaveHostedTools(response)) {
    const tools = parseHostedTools(response);
    if (tools !== undefined) parsed.tools = tools;
  }
  for (const [from, to] of TEXT_FIELDS) {
    const text = response[from];
    if (typeof text === 'string' && text !== '') parsed[to] = text;
  }
  const { conversation } = response;
  if (isRecord(conversation) && typeof conversation['id'] === 'string')
    parsed.conversationId = conversation['id'];
  return parsed;
}

/** Of Chat, only the search models use hosted tools, and report none. */
function mayHaveHostedTools(response: Record<string, unknown>): boolean {
  if (response['object'] !== 'chat.completion') return true;
  const { model } = response;
  return typeof model === 'string' && model.includes('-search-');
}

type TextField = 'id' | 'model' | 'serviceTier' | 'systemFingerprint' | 'conversationId';

const TEXT_FIELDS: readonly (readonly [from: string, to: TextField])[] = [
  ['id', 'id'],
  ['model', 'model'],
  ['service_tier', 'serviceTier'],
  ['system_fingerprint', 'systemFingerprint'],
  ['thread_id', 'conversationId'],
];

/**
 * Returns why a response ended, for each generation. Chat and Completions report a reason per choice, in words of
 * their own. Responses report a status; the reason that follows from it is one of the finish reasons in
 * gen-ai-output-messages.json of the conventions.
 */
function finishReasonsOf(response: Readonly<Record<string, unknown>>): string[] {
  if (Array.isArray(response['choices'])) {
    const reasons: string[] = [];
    for (const choice of response['choices']) {
      if (isRecord(choice) && typeof choice['finish_reason'] === 'string')
        reasons.push(choice['finish_reason']);
    }
    return reasons;
  }
  const details = response['incomplete_details'];
  if (isRecord(details) && typeof details['reason'] === 'string')
    return [details['reason'] === 'max_output_tokens' ? 'length' : details['reason']];
  switch (response['status']) {
    case 'completed':
      return [endsInToolCall(response['output']) ? 'tool_call' : 'stop'];
    case 'failed':
    case 'cancelled':
      // Batches, runs and videos have such a status too, and no generation of their own.
      return response['object'] === undefined || response['object'] === 'response' ? ['error'] : [];
    default:
      return [];
  }
}

/**
 * The items of Responses that the program has to answer, by
 * https://platform.openai.com/docs/api-reference/responses/object.
 */
const CALL_ITEMS: ReadonlySet<unknown> = new Set([
  'function_call',
  'custom_tool_call',
  'computer_call',
  'local_shell_call',
  'shell_call',
  'apply_patch_call',
  'mcp_approval_request',
]);

/** Whether an item of Responses asks the program to do something, unlike the calls of hosted tools. */
function isToolCallItem(item: Readonly<Record<string, unknown>>): boolean {
  return (
    CALL_ITEMS.has(item['type']) || (item['type'] === 'tool_search_call' && item['execution'] === 'client')
  );
}

/** Whether the output has a call that the service has not answered itself, as it does for a hosted shell. */
function endsInToolCall(output: unknown): boolean {
  const items = recordsOf(output);
  return items.some(
    (item) =>
      isToolCallItem(item) &&
      !items.some(
        (other) => other['type'] === `${String(item['type'])}_output` && other['call_id'] === item['call_id'],
      ),
  );
}

/**
 * The generated texts of a complete response, to count if its usage is missing or implausible.
 * @param part `answer`: only what is billed as it is, no summaries of reasoning; default: all
 */
export function responseTexts(value: unknown, part: 'all' | 'answer' = 'all'): string[] {
  if (typeof value === 'string') return [value];
  const texts: string[] = [];
  const response = isRecord(value) ? value : {};
  for (const choice of recordsOf(response['choices'])) {
    push(texts, choice['text']);
    collectMessage(texts, choice['message'], part);
  }
  for (const item of recordsOf(response['output']))
    if (part === 'all' || ANSWER_ITEMS.has(item['type'])) collectItem(texts, item);
  return texts;
}

/** The items of Responses with text that is billed as it is. */
const ANSWER_ITEMS: ReadonlySet<unknown> = new Set(['message', 'function_call', 'custom_tool_call']);

function collectMessage(texts: string[], message: unknown, part: 'all' | 'answer'): void {
  if (!isRecord(message)) return;
  push(texts, message['content']);
  push(texts, message['refusal']);
  if (part === 'all') push(texts, message['reasoning_content']);
  for (const call of recordsOf(message['tool_calls'])) {
    for (const part of [call['function'], call['custom']]) {
      if (isRecord(part)) for (const key of ['name', 'arguments', 'input']) push(texts, part[key]);
    }
  }
  if (isRecord(message['function_call'])) {
    push(texts, message['function_call']['name']);
    push(texts, message['function_call']['arguments']);
  }
}

function collectItem(texts: string[], item: Record<string, unknown>): void {
  for (const key of ['name', 'arguments', 'input', 'code']) push(texts, item[key]);
  for (const part of [...recordsOf(item['content']), ...recordsOf(item['summary'])]) {
    push(texts, part['text']);
    push(texts, part['refusal']);
  }
}

function push(texts: string[], value: unknown): void {
  if (typeof value === 'string' && value !== '') texts.push(value);
}
