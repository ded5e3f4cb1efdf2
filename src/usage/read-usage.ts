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

type Path = readonly string[];

/** Where the parts of the input stand: in Chat, in Responses, and in Realtime and audio. */
const INPUT_DETAILS = ['prompt_tokens_details', 'input_tokens_details', 'input_token_details'];
const OUTPUT_DETAILS = ['completion_tokens_details', 'output_tokens_details', 'output_token_details'];

const within = (details: readonly string[], ...rest: readonly string[]): readonly Path[] =>
  details.map((first) => [first, ...rest]);

/** Where OpenAI's formats put each kind; the first that is there is taken. */
const PATHS: Readonly<Record<UsageKind, readonly Path[]>> = {
  input: [['prompt_tokens'], ['input_tokens']],
  cachedInput: within(INPUT_DETAILS, 'cached_tokens'),
  cacheWrite: within(INPUT_DETAILS, 'cache_write_tokens'),
  audioInput: within(INPUT_DETAILS, 'audio_tokens'),
  imageInput: within(INPUT_DETAILS, 'image_tokens'),
  cachedAudioInput: within(INPUT_DETAILS, 'cached_tokens_details', 'audio_tokens'),
  cachedImageInput: within(INPUT_DETAILS, 'cached_tokens_details', 'image_tokens'),
  output: [['completion_tokens'], ['output_tokens']],
  reasoning: within(OUTPUT_DETAILS, 'reasoning_tokens'),
  audioOutput: within(OUTPUT_DETAILS, 'audio_tokens'),
  imageOutput: within(OUTPUT_DETAILS, 'image_tokens'),
  acceptedPrediction: [['completion_tokens_details', 'accepted_prediction_tokens']],
  rejectedPrediction: [['completion_tokens_details', 'rejected_prediction_tokens']],
};

/** The kinds that are parts of the input and of the output. */
const INPUT_PARTS = [
  'cachedInput',
  'cacheWrite',
  'audioInput',
  'imageInput',
  'cachedAudioInput',
  'cachedImageInput',
] as const;
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
  dropCachedAbove(read, 'cachedAudioInput', read.audioInput, problems);
  dropCachedAbove(read, 'cachedImageInput', read.imageInput, problems);
  return {
    usage: tokenUsage(read),
    inputKnown: read.input !== undefined,
    outputKnown: read.output !== undefined || (options.outputExpected === false && problems.length === 0),
    problems,
  };
}

function readKind(raw: Record<string, unknown>, kind: UsageKind, problems: string[]): number | undefined {
  for (const path of PATHS[kind]) {
    const value = valueAt(raw, path);
    if (value === undefined || value === null) continue;
    if (isPlausible(value)) return value;
    problems.push(`${path.join('.')}: ${describe(value)}`);
    return undefined;
  }
  return undefined;
}

function valueAt(raw: Record<string, unknown>, path: Path): unknown {
  let value: unknown = raw;
  for (const key of path) value = isRecord(value) ? value[key] : undefined;
  return value;
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

/** What was cached of a kind is a part of that kind, and of what was cached. */
function dropCachedAbove(
  read: Partial<Record<UsageKind, number>>,
  part: 'cachedAudioInput' | 'cachedImageInput',
  of: number | undefined,
  problems: string[],
): void {
  const value = read[part];
  const most = Math.min(of ?? 0, read.cachedInput ?? 0);
  if (value === undefined || value <= most) return;
  problems.push(`${part}: ${value} of ${most}`);
  delete read[part];
}

/** Whether a count of tokens can be believed. */
export function isPlausible(value: unknown): value is number {
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
