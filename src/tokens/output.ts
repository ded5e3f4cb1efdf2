import { countText } from './bpe/index.ts';
import { encodingForModel } from './encodings.ts';
import type { RequestKind } from './input.ts';
import { framingOf } from './rules/index.ts';

/** The shape of a response, besides its texts. */
export interface OutputShape {
  /** The kind of its request; default: `chat`. */
  readonly kind?: RequestKind;
  /** The number of tool calls; default: 0. */
  readonly calls?: number;
  /** Whether there was text besides the calls; default: true if there were no calls. */
  readonly text?: boolean;
}

/**
 * Counts the tokens of a response, for a stream that was cut before its usage.
 *
 * The framing is fitted to recorded bills of whole responses: a text is one token more for the older models
 * (its end), 10 for the reasoning models in Chat Completions and 5 in Responses (their channels); a call is
 * 8, 14 each in parallel, 12 for the reasoning models. Reasoning that was not streamed is not counted.
 *
 * @param parts text deltas joined by message, and each call's name and arguments; deltas that are not joined
 * count too high
 */
export function countOutput(parts: Iterable<string>, model: string, shape: OutputShape = {}): number {
  const encoding = encodingForModel(model);
  let tokens = 0;
  for (const part of parts) tokens += countText(part, encoding);
  return tokens === 0 ? 0 : tokens + framingTokens(model, shape);
}

function framingTokens(model: string, { kind = 'chat', calls = 0, text = calls === 0 }: OutputShape): number {
  if (kind === 'completions' || kind === 'embeddings') return 0;
  if (framingOf(model) === 'harmony') return (text ? (kind === 'chat' ? 10 : 5) : 0) + calls * 12;
  return (text ? 1 : 0) + calls * (calls > 1 ? 14 : 8);
}
