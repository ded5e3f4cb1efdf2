import { type Fields, fieldsOf, listOf, textOf } from '../util/index.ts';
import { countText } from './bpe/index.ts';
import { type EncodingName, encodingForModel, isKnownModel, isOthersModel } from './encodings.ts';
import { addChat, addResponses, Tally, type TextMeasure } from './rules/index.ts';

/** The kinds of requests whose input is counted, by endpoint. */
export type RequestKind = 'chat' | 'responses' | 'completions' | 'embeddings';

/** The most input tokens a request can be billed for. */
export interface InputBound {
  /** Tokens, margin included: never below the bill if `complete` is true. */
  readonly upper: number;
  /**
   * False if part of the input is not in the request (`previous_response_id`, a file id, built-in tools, …),
   * or is in it as a compressed file: `upper` bounds only the rest.
   */
  readonly complete: boolean;
  /**
   * Whether part of that input has no bound but the context window. False if it is an earlier response, whose
   * tokens bound it.
   */
  readonly opaque: boolean;
}

/** The input tokens of a request. */
export interface InputCount extends InputBound {
  /** The best estimate, exact for plain text. */
  readonly tokens: number;
  /** The part of the estimate that is texts of the request, without framing, images and files. */
  readonly textTokens: number;
}

/**
 * Counts the input of a request body as the openai SDK sends it. Of a malformed body only the well-formed
 * parts count.
 *
 * A model name that reveals no family (an Azure deployment) may have either current encoding: `upper` is the
 * higher one. For a model with another encoding `upper` is that of {@link boundInput}.
 */
export function countInput(kind: RequestKind, body: unknown): InputCount {
  const model = textOf(fieldsOf(body)['model']);
  const encoding = encodingForModel(model);
  const count = tallyInput(kind, body, model, measureIn(encoding));
  const upper = Math.ceil(count.tokens + count.margin);
  const { tokens, textTokens, complete, opaque } = count;
  const known = { tokens, textTokens, complete, opaque };
  if (isOthersModel(model)) return { ...known, upper: boundInput(kind, body).upper };
  if (isKnownModel(model)) return { ...known, upper };
  const other = tallyInput(kind, body, model, measureIn('cl100k_base'));
  return { ...known, upper: Math.max(upper, Math.ceil(other.tokens + other.margin)) };
}

/**
 * Bounds the input of a request without tokenizing: each token is at least one byte of UTF-8, so a text has
 * at least as many bytes as tokens. Never below `countInput(…).upper`.
 */
export function boundInput(kind: RequestKind, body: unknown): InputBound {
  const model = textOf(fieldsOf(body)['model']);
  const { tokens, margin, complete, opaque } = tallyInput(kind, body, model, Buffer.byteLength);
  return { upper: Math.ceil(tokens + margin), complete, opaque };
}

function measureIn(encoding: EncodingName): TextMeasure {
  return (text) => countText(text, encoding);
}

function tallyInput(kind: RequestKind, body: unknown, model: string, measure: TextMeasure): Tally {
  const tally = new Tally(model, measure);
  const fields = fieldsOf(body);
  if (kind === 'chat') addChat(tally, fields);
  else if (kind === 'responses') addResponses(tally, fields);
  else addPrompt(tally, fields[kind === 'embeddings' ? 'input' : 'prompt']);
  if (hasSeveralPasses(fields)) tally.markOpaque();
  return tally;
}

/**
 * Whether the service works on a request in several passes and bills them all: `reasoning.mode` is `pro`, or
 * another that is not the standard one. How many there are is not documented
 * (https://developers.openai.com/api/docs/guides/reasoning): neither the request nor its output cap bounds
 * what is billed.
 */
export function hasSeveralPasses(body: Fields): boolean {
  const reasoning = body['reasoning'];
  if (reasoning === undefined || reasoning === null) return false;
  const { mode } = fieldsOf(reasoning);
  return typeof mode === 'string' && mode !== 'standard';
}

/**
 * Adds a prompt of the older endpoints: a text, texts, tokens (numbers), or lists of tokens. It has no
 * framing.
 */
function addPrompt(tally: Tally, prompt: unknown): void {
  if (typeof prompt === 'string') tally.text(prompt);
  else if (typeof prompt === 'number') tally.add(1);
  else for (const part of listOf(prompt)) addPrompt(tally, part);
}
