import { Tiktoken } from 'js-tiktoken/lite';
import o200k from 'js-tiktoken/ranks/o200k_base';
import { isObject, type JsonObject, objectsOf } from './json.ts';

const encoding = new Tiktoken(o200k);

// Stands for the tokens that frame a message; no text has it.
const FRAME = -1;
const CACHE_STEP = 128;
const CACHE_MINIMUM = 1024;

export function encode(text: string): number[] {
  return encoding.encode(text, 'all');
}

export function decode(tokens: readonly number[]): string {
  return encoding.decode([...tokens]);
}

/** The prompt of a chat or responses request, as tokens. */
export function promptOf(request: JsonObject): number[] {
  const input = request['messages'] ?? request['input'];
  const messages = typeof input === 'string' ? [{ role: 'user', content: input }] : objectsOf(input);
  const instructions = request['instructions'];
  return [
    ...objectsOf(request['tools']).flatMap(toolTokens),
    ...(typeof instructions === 'string' ? messageTokens({ content: instructions }) : []),
    ...messages.flatMap(messageTokens),
    FRAME,
    FRAME,
    FRAME,
  ];
}

function messageTokens(message: JsonObject): number[] {
  const content = typeof message['content'] === 'string' ? message['content'] : '';
  const calls = objectsOf(message['tool_calls']).map((call) => call['function']);
  const called = calls.filter(isObject).map((call) => `${call['name']}${call['arguments']}`);
  return [FRAME, FRAME, FRAME, ...encode(content + called.join(''))];
}

function toolTokens(tool: JsonObject): number[] {
  const definition = isObject(tool['function']) ? tool['function'] : tool;
  const { name, description, parameters } = definition;
  const properties =
    isObject(parameters) && isObject(parameters['properties']) ? parameters['properties'] : {};
  return encode(`${name} ${description} ${Object.keys(properties).join(' ')}`);
}

/** Remembers prompts and tells how much of a new one is already known, as the service's cache does. */
export class PromptCache {
  readonly #prompts: (readonly number[])[] = [];

  /** The cached tokens of a prompt, which is then remembered. */
  read(prompt: readonly number[]): number {
    const known = Math.max(0, ...this.#prompts.map((other) => commonPrefix(other, prompt)));
    this.#prompts.push(prompt);
    return known < CACHE_MINIMUM ? 0 : Math.floor(known / CACHE_STEP) * CACHE_STEP;
  }
}

function commonPrefix(one: readonly number[], other: readonly number[]): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) if (one[at] !== other[at]) return at;
  return length;
}
