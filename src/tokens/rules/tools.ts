import { type Fields, fieldsOf, listOf } from '../../util/index.ts';
import { encodingForModel } from '../encodings.ts';
import { renderFormat, renderFunctions } from './schema.ts';
import type { Tally } from './tally.ts';

/** The API of a request; the two frame tools and calls differently. */
export type Api = 'chat' | 'responses';

/**
 * The tokens around the text of the functions, fitted to recorded bills. In Chat, reasoning models get 80
 * more tokens of rules for calling tools.
 */
const FRAMING_TOKENS: Readonly<Record<Api, Readonly<Record<'chatml' | 'harmony', number>>>> = {
  chat: { chatml: 8, harmony: 90 },
  responses: { chatml: 2, harmony: 8 },
};

/**
 * Adds function tools; built-in tools, whose input the service adds itself, make the count incomplete.
 *
 * @param tools function definitions: of `tools` (chat nests them in `function`) or of chat's older
 * `functions`
 * @param hasInstructions whether there is a system message to contain them: without one the service adds one
 */
export function addTools(tally: Tally, tools: readonly unknown[], api: Api, hasInstructions: boolean): void {
  const functions: Fields[] = [];
  for (const value of tools) {
    const tool = fieldsOf(value);
    const definition = 'function' in tool ? fieldsOf(tool['function']) : tool;
    if (tool['type'] === 'function' || tool['type'] === undefined) functions.push(definition);
    else tally.markOpaque();
  }
  if (functions.length === 0) return;
  const tokens = tally.text(renderFunctions(functions));
  const merged = api === 'chat' && tally.framing === 'chatml' && hasInstructions ? 3 : 0;
  const older = encodingForModel(tally.model) === 'cl100k_base' ? 1 : 0;
  tally.add(FRAMING_TOKENS[api][tally.framing] + older - merged - (functions.length - 1));
  tally.margin += 16 + 4 * functions.length + Math.ceil(tokens / 4);
  // The Responses API of March 2025 billed some 220 tokens more for tools; three recordings are from then.
  if (api === 'responses' && tally.framing === 'chatml') tally.margin += 220;
}

/** Adds an earlier call of a function by the model, and its mention in the message with its result. */
export function addCall(tally: Tally, name: string, input: string, api: Api): void {
  tally.text(name);
  tally.text(name);
  tally.text(input);
  tally.add((api === 'chat' ? 5 : 6) + (tally.framing === 'harmony' ? 6 : 0), 8);
}

/** Adds the schema of a structured output; `hasInstructions` as for tools. */
export function addFormat(tally: Tally, format: Fields, api: Api, hasInstructions: boolean): void {
  if (listOf(format['schema']).length > 0 || format['schema'] === undefined) return;
  const tokens = tally.text(renderFormat(format));
  tally.add(hasInstructions ? 0 : 4);
  tally.add(api === 'chat' ? 0 : -6, 24 + Math.ceil(tokens / 4));
}
