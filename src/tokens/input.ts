import { fieldsOf, listOf, textOf } from '../util/index.ts';
import { countText } from './bpe/index.ts';
import { type EncodingName, encodingForModel, isKnownModel, isOthersModel } from './encodings.ts';
import { addChat, addResponses, Tally, type TextMeasure } from './rules/index.ts';

/** The requests whose input is counted, by endpoint. */
export type RequestKind = 'chat' | 'responses' | 'completions' | 'embeddings';

/** The most input tokens a request can be billed for. */
export interface InputBound {
  /** Tokens, margin included: never under the bill where `complete` is true. */
  readonly upper: number;
  /**
   * False where part of the input is not in the request (`previous_response_id`, a file id, an image's URL, built-in
   * tools, …): `upper` bounds only the part that is.
   */
  readonly complete: boolean;
}

/** The input tokens of a request. */
export interface InputCount extends InputBound {
  /** The best estimate, exact for plain text. */
  readonly tokens: number;
}

/**
 * Counts the input of a request body as the openai SDK sends it. A malformed body counts for what is well-formed in it.
 *
 * A model name that tells nothing (an Azure deployment) may be of either current encoding: the upper is the higher one. Of a model
 * with another encoding the upper is that of {@link boundInput}.
 */
export function countInput(kind: RequestKind, body: unknown): InputCount {
  const model = textOf(fieldsOf(body)['model']);
  const encoding = encodingForModel(model);
  const count = walk(kind, body, model, counter(encoding));
  const upper = Math.ceil(count.tokens + count.margin);
  if (isOthersModel(model))
    return { tokens: count.tokens, upper: boundInput(kind, body).upper, complete: count.complete };
  if (isKnownModel(model)) return { tokens: count.tokens, upper, complete: count.complete };
  const other = walk(kind, body, model, counter('cl100k_base'));
  return {
    tokens: count.tokens,
    upper: Math.max(upper, Math.ceil(other.tokens + other.margin)),
    complete: count.complete,
  };
}

/**
 * Bounds the input of a request without tokenizing: each token is at least one byte of UTF-8, so a text's bytes are
 * not fewer than its tokens. Never under `countInput(…).upper`.
 */
export function boundInput(kind: RequestKind, body: unknown): InputBound {
  const model = textOf(fieldsOf(body)['model']);
  const { tokens, margin, complete } = walk(kind, body, model, Buffer.byteLength);
  return { upper: Math.ceil(tokens + margin), complete };
}

function counter(encoding: EncodingName): TextMeasure {
  return (text) => countText(text, encoding);
}

function walk(kind: RequestKind, body: unknown, model: string, measure: TextMeasure): Tally {
  const tally = new Tally(model, measure);
  const fields = fieldsOf(body);
  if (kind === 'chat') addChat(tally, fields);
  else if (kind === 'responses') addResponses(tally, fields);
  else addPrompt(tally, fields[kind === 'embeddings' ? 'input' : 'prompt']);
  return tally;
}

/** A prompt of the older endpoints: a text, texts, tokens (numbers), or lists of tokens. No framing. */
function addPrompt(tally: Tally, prompt: unknown): void {
  if (typeof prompt === 'string') tally.text(prompt);
  else if (typeof prompt === 'number') tally.add(1);
  else for (const part of listOf(prompt)) addPrompt(tally, part);
}
