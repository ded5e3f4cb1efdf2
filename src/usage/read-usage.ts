import { type TokenUsage, tokenUsage, USAGE_KINDS, type UsageKind } from './token-usage.ts';

/**
 * The most tokens of one kind that a single call can plausibly report. Far above every context window
 * (the largest known is about 1,050,000 tokens); a higher figure is a fault of the answer, not usage.
 */
export const MAX_PLAUSIBLE_TOKENS = 100_000_000;

/** What a `usage` object of a response said. */
export interface UsageReading {
  /** The usage as read; a part that was absent is zero. */
  readonly usage: TokenUsage;
  /** Whether the input stood there and can be believed. */
  readonly inputKnown: boolean;
  /** Whether the output stood there and can be believed. */
  readonly outputKnown: boolean;
  /** The fields that were there and could not be believed, as `field: value`; empty when all is well. */
  readonly problems: readonly string[];
}

type Path = readonly [string] | readonly [string, string];

/** Where OpenAI's two formats (Chat and Responses) put each kind; the first that is there is taken. */
const PATHS: Readonly<Record<UsageKind, readonly Path[]>> = {
  input: [['prompt_tokens'], ['input_tokens']],
  cachedInput: [
    ['prompt_tokens_details', 'cached_tokens'],
    ['input_tokens_details', 'cached_tokens'],
  ],
  cacheWrite: [
    ['prompt_tokens_details', 'cache_write_tokens'],
    ['input_tokens_details', 'cache_write_tokens'],
  ],
  audioInput: [
    ['prompt_tokens_details', 'audio_tokens'],
    ['input_tokens_details', 'audio_tokens'],
  ],
  imageInput: [
    ['prompt_tokens_details', 'image_tokens'],
    ['input_tokens_details', 'image_tokens'],
  ],
  output: [['completion_tokens'], ['output_tokens']],
  reasoning: [
    ['completion_tokens_details', 'reasoning_tokens'],
    ['output_tokens_details', 'reasoning_tokens'],
  ],
  audioOutput: [
    ['completion_tokens_details', 'audio_tokens'],
    ['output_tokens_details', 'audio_tokens'],
  ],
  imageOutput: [
    ['completion_tokens_details', 'image_tokens'],
    ['output_tokens_details', 'image_tokens'],
  ],
  acceptedPrediction: [['completion_tokens_details', 'accepted_prediction_tokens']],
  rejectedPrediction: [['completion_tokens_details', 'rejected_prediction_tokens']],
};

/** The kinds that are parts of the input and of the output. */
const INPUT_PARTS = ['cachedInput', 'cacheWrite', 'audioInput', 'imageInput'] as const;
const OUTPUT_PARTS = [
  'reasoning',
  'audioOutput',
  'imageOutput',
  'acceptedPrediction',
  'rejectedPrediction',
] as const;

/**
 * Reads the `usage` object of a Chat, Completions, Embeddings or Responses answer. Never throws.
 *
 * A value that is not an integer from 0 to {@link MAX_PLAUSIBLE_TOKENS} is a problem and not believed;
 * so is a part that is larger than its whole, and an input of zero. An endpoint without output (embeddings) reports none:
 * pass `outputExpected: false`.
 */
export function readUsage(raw: unknown, options: { outputExpected?: boolean } = {}): UsageReading {
  if (!isRecord(raw)) return { usage: tokenUsage(), inputKnown: false, outputKnown: false, problems: [] };
  const problems: string[] = [];
  const read: Partial<Record<UsageKind, number>> = {};
  for (const kind of USAGE_KINDS) {
    const value = readKind(raw, kind, problems);
    if (value !== undefined) read[kind] = value;
  }
  if (read.input === 0) {
    // Nothing can be asked in no tokens: framing alone is some.
    problems.push('input: 0');
    delete read.input;
  }
  dropPartsAboveWhole(read, 'input', INPUT_PARTS, problems);
  dropPartsAboveWhole(read, 'output', OUTPUT_PARTS, problems);
  return {
    usage: tokenUsage(read),
    inputKnown: read.input !== undefined,
    outputKnown: read.output !== undefined || (options.outputExpected === false && problems.length === 0),
    problems,
  };
}

function readKind(raw: Record<string, unknown>, kind: UsageKind, problems: string[]): number | undefined {
  for (const [first, second] of PATHS[kind]) {
    const outer = raw[first];
    const value = second === undefined ? outer : isRecord(outer) ? outer[second] : undefined;
    if (value === undefined || value === null) continue;
    if (isPlausible(value)) return value;
    problems.push(`${second === undefined ? first : `${first}.${second}`}: ${describe(value)}`);
    return undefined;
  }
  return undefined;
}

/** A discount that cannot be true is not given: a part above its whole is charged as plain tokens. */
function dropPartsAboveWhole(
  read: Partial<Record<UsageKind, number>>,
  whole: 'input' | 'output',
  parts: readonly UsageKind[],
  problems: string[],
): void {
  const total = read[whole] ?? 0;
  for (const part of parts) {
    const value = read[part];
    if (value === undefined || value <= total) continue;
    problems.push(`${part}: ${value} of ${total} ${whole}`);
    delete read[part];
  }
  if (whole === 'input' && (read.cachedInput ?? 0) + (read.cacheWrite ?? 0) > total) {
    problems.push(`cachedInput and cacheWrite: ${read.cachedInput} and ${read.cacheWrite} of ${total} input`);
    delete read.cachedInput;
  }
}

function isPlausible(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_PLAUSIBLE_TOKENS;
}

/** A short description that leaks no content: a string may be anything, so only its length is told. */
function describe(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return `string of ${value.length}`;
  return Array.isArray(value) ? 'array' : typeof value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
