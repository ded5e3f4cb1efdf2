import { isRecord } from '../util/index.ts';
import { type TokenUsage, tokenUsage, USAGE_KINDS, type UsageKind } from './token-usage.ts';

/**
 * The most tokens of one kind that a single call can plausibly report. Far above every context window
 * (the largest known is about 1,050,000 tokens); a higher figure is an error in the response, not usage.
 */
export const MAX_PLAUSIBLE_TOKENS = 100_000_000;

/** The result of reading the `usage` object of a response. */
export interface UsageReading {
  /** The usage; a part that was absent is zero. */
  readonly usage: TokenUsage;
  /** Whether the input was present and plausible. */
  readonly inputKnown: boolean;
  /** Whether the output was present and plausible. */
  readonly outputKnown: boolean;
  /** The fields that were present and not plausible, as `field: value`. */
  readonly problems: readonly string[];
}

type Path = readonly string[];

/** The fields with the parts of the input: in Chat, in Responses, and in Realtime and audio. */
const INPUT_DETAILS = ['prompt_tokens_details', 'input_tokens_details', 'input_token_details'];
const OUTPUT_DETAILS = ['completion_tokens_details', 'output_tokens_details', 'output_token_details'];

const within = (details: readonly string[], ...rest: readonly string[]): readonly Path[] =>
  details.map((first) => [first, ...rest]);

/** The paths of each kind in OpenAI's formats; the first that is present counts. */
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

/** The kinds that are parts of the input, and those that are parts of the output. */
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
 * Reads the `usage` object of a Chat, Completions, Embeddings or Responses response. Never throws.
 *
 * A value that is not an integer from 0 to {@link MAX_PLAUSIBLE_TOKENS} is a problem and ignored; so is a
 * part that is larger than its whole, and an input of zero. An endpoint without output (embeddings) reports
 * none: pass `outputExpected: false`.
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
    // No request has zero tokens: its framing alone takes some.
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
    problems.push(`${path.join('.')}: ${describeValue(value)}`);
    return undefined;
  }
  return undefined;
}

function valueAt(raw: Record<string, unknown>, path: Path): unknown {
  let value: unknown = raw;
  for (const key of path) value = isRecord(value) ? value[key] : undefined;
  return value;
}

/**
 * Drops parts that exceed their whole: an impossible discount is not applied, they are charged as plain
 * tokens.
 */
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

/** Drops a cached part that exceeds its kind or the cached input. */
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

/** Whether a value is a plausible count of tokens. */
export function isPlausible(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_PLAUSIBLE_TOKENS;
}

/** Describes a value without its content: of a string, which may be anything, only the length. */
function describeValue(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return `string of ${value.length}`;
  return Array.isArray(value) ? 'array' : typeof value;
}
