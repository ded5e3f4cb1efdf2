import { findByLongestPrefix, type PrefixEntry } from '../../util/index.ts';

/**
 * The maximum output tokens of a model, by the prefix of its name; the longest match counts.
 * Source: the model pages of https://platform.openai.com/docs/models.
 */
const MAX_OUTPUT: readonly PrefixEntry<number>[] = [
  ['gpt-3.5', 4_096],
  ['gpt-35', 4_096],
  ['gpt-4', 8_192],
  ['gpt-4-turbo', 4_096],
  ['gpt-4-1106', 4_096],
  ['gpt-4-0125', 4_096],
  ['gpt-4o', 16_384],
  ['gpt-4o-2024-05-13', 4_096],
  ['gpt-4o-realtime', 4_096],
  ['gpt-4o-mini-realtime', 4_096],
  ['gpt-realtime', 4_096],
  ['gpt-realtime-2', 32_000],
  ['gpt-audio', 16_384],
  ['chatgpt-4o', 16_384],
  ['gpt-4.1', 32_768],
  ['gpt-5', 128_000],
  ['gpt-5-chat', 16_384],
  ['gpt-5-pro', 272_000],
  ['o1', 100_000],
  ['o3', 100_000],
  ['o4', 100_000],
  ['computer-use-preview', 1_024],
  ['davinci-002', 16_384],
  ['babbage-002', 16_384],
  // https://platform.claude.com/docs/en/about-claude/models/overview
  ['claude-3-', 4_096],
  ['claude-3-5-', 8_192],
  ['claude-3-7-', 64_000],
  ['claude-', 128_000],
  ['claude-opus-4-0', 32_000],
  ['claude-opus-4-1', 32_000],
  ['claude-opus-4-2', 32_000],
  ['claude-opus-4-5', 64_000],
  ['claude-sonnet-4', 64_000],
  ['claude-haiku-4', 64_000],
  // https://ai.google.dev/gemini-api/docs/models
  ['gemini-2.0', 8_192],
  ['gemini-', 65_536],
];

/** For a model that is not listed: the highest maximum of any listed model. */
const MAX_OUTPUT_UNLISTED = 272_000;

/** Returns the maximum output tokens of one response (one choice) of the model. */
export function maxOutputTokens(model: string): number {
  const name = model.startsWith('ft:') ? model.slice(3) : model;
  return findByLongestPrefix(MAX_OUTPUT, name) ?? MAX_OUTPUT_UNLISTED;
}

/** The largest known context window (gpt-5.4 and later), tokens: bounds input that is not in the request. */
export const LARGEST_CONTEXT_WINDOW = 1_050_000;

/**
 * Whether the model's reasoning is billed but not shown (o-series, gpt-5 and later, except the chat models),
 * or shown only as a summary (Claude, Gemini).
 */
export function hidesReasoning(model: string): boolean {
  return /^(ft:)?(o\d|gpt-[5-9]|codex|computer-use)|claude|gemini/.test(model) && !model.includes('-chat');
}
