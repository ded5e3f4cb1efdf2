import type { CallPlan } from '../../providers/index.ts';
import { isRecord, oneOrMany, recordsOf } from '../../util/index.ts';
import { chatMessage } from './chat-messages.ts';
import { contentParts, type Message, type Part } from './parts.ts';
import { itemMessage } from './response-items.ts';

/** The content of a request, in the JSON of the conventions. */
export interface InputContent {
  readonly messages: readonly Message[];
  /** Instructions that the request has apart from its messages. */
  readonly instructions: readonly Part[];
  readonly tools: readonly ToolDefinition[];
}

/**
 * A tool that the model may call. Its description and parameters are left out, as the conventions recommend for
 * their size.
 */
export interface ToolDefinition {
  readonly type: string;
  readonly name: string;
}

/** Reads the content of a request. */
export function inputContent(plan: CallPlan): InputContent {
  const body = plan.contentBody?.() ?? plan.body;
  return {
    messages: messagesOf(body).filter(({ parts }) => parts.length > 0),
    instructions: contentParts(body['instructions']),
    tools: recordsOf(body['tools']).map(toolDefinition),
  };
}

function messagesOf(body: Readonly<Record<string, unknown>>): Message[] {
  if (Array.isArray(body['messages'])) return body['messages'].map((one) => messageOf(one, chatMessage));
  // The prompt of Responses is one that the service keeps.
  const prompt = isRecord(body['prompt']) ? undefined : body['prompt'];
  const input = body['input'] ?? prompt;
  if (input === undefined || input === null) return [];
  return (isTokens(input) ? [input] : oneOrMany(input)).map((one) => messageOf(one, itemMessage));
}

function messageOf(value: unknown, read: (value: Record<string, unknown>) => Message): Message {
  if (isRecord(value)) return read(value);
  return { role: 'user', parts: isTokens(value) ? [{ type: 'tokens' }] : contentParts(value) };
}

/** Whether a prompt, or an input of Embeddings, is a list of tokens. */
function isTokens(value: unknown): boolean {
  return Array.isArray(value) && typeof value[0] === 'number';
}

/** A tool without a name of its own, as those of the service, has that of its type. */
function toolDefinition(tool: Readonly<Record<string, unknown>>): ToolDefinition {
  const type = typeof tool['type'] === 'string' ? tool['type'] : 'function';
  const definition = [tool['function'], tool['custom']].find(isRecord) ?? tool;
  const name = definition['name'] ?? definition['server_label'];
  return { type, name: typeof name === 'string' ? name : type };
}
