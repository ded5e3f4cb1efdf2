import { type Fields, fieldsOf, listOf } from '../../util/index.ts';
import { encodingForModel } from '../encodings.ts';
import { renderFormat, renderFunctions } from './schema.ts';
import type { Tally } from './tally.ts';

/** The API a request is for; tools and calls are framed differently. */
export type Api = 'chat' | 'responses';

/**
 * Tokens around the functions' text, fitted to recorded bills. Chat's reasoning models get 80 tokens more of rules for
 * calling tools.
 */
const AROUND: Readonly<Record<Api, Readonly<Record<'chatml' | 'harmony', number>>>> = {
  chat: { chatml: 8, harmony: 90 },
  responses: { chatml: 2, harmony: 8 },
};

/**
 * Adds function tools, and notes built-in tools, whose input the service adds itself.
 *
 * @param tools function definitions: of `tools` (chat nests them in `function`) or of chat's older `functions`.
 * @param hasInstructions whether a system message is there to hold them: without one the service adds one.
 */
export function addTools(tally: Tally, tools: readonly unknown[], api: Api, hasInstructions: boolean): void {
  const functions: Fields[] = [];
  for (const value of tools) {
    const tool = fieldsOf(value);
    const definition = 'function' in tool ? fieldsOf(tool['function']) : tool;
    if (tool['type'] === 'function' || tool['type'] === undefined) functions.push(definition);
    else tally.missing();
  }
  if (functions.length === 0) return;
  const tokens = tally.text(renderFunctions(functions));
  const merged = api === 'chat' && tally.framing === 'chatml' && hasInstructions ? 3 : 0;
  const older = encodingForModel(tally.model) === 'cl100k_base' ? 1 : 0;
  tally.add(AROUND[api][tally.framing] + older - merged - (functions.length - 1));
  tally.margin += 16 + 4 * functions.length + Math.ceil(tokens / 4);
  // The Responses API of March 2025 billed some 220 tokens more for tools; three recordings are from then.
  if (api === 'responses' && tally.framing === 'chatml') tally.margin += 220;
}

/** Adds a call of a function that the model made before, and what the message holding its answer says of it. */
export function addCall(tally: Tally, name: string, input: string, api: Api): void {
  tally.text(name);
  tally.text(name);
  tally.text(input);
  tally.add((api === 'chat' ? 5 : 6) + (tally.framing === 'harmony' ? 6 : 0), 8);
}

/** Adds a structured output's schema; `hasInstructions` as for tools. */
export function addFormat(tally: Tally, format: Fields, api: Api, hasInstructions: boolean): void {
  if (listOf(format['schema']).length > 0 || format['schema'] === undefined) return;
  const tokens = tally.text(renderFormat(format));
  tally.add(hasInstructions ? 0 : 4);
  tally.add(api === 'chat' ? 0 : -6, 24 + Math.ceil(tokens / 4));
}
