import type { BilledUnits } from './billed-units.ts';

/**
 * The usage of one call, in tokens by kind. Every field is a finite integer of zero or more.
 *
 * `input` and `output` are totals; the other fields are parts of them, as OpenAI reports them: `cachedInput`,
 * `cacheWrite`, `audioInput` and `imageInput` are parts of `input`; `cachedAudioInput` and `cachedImageInput`
 * are parts of both `cachedInput` and `audioInput` or `imageInput`; `reasoning`, `audioOutput`,
 * `imageOutput`, `acceptedPrediction` and `rejectedPrediction` are parts of `output`.
 *
 * Source: https://platform.openai.com/docs/api-reference/chat/object (`usage`) and
 * https://platform.openai.com/docs/api-reference/responses/object (`usage`).
 */
export interface TokenUsage {
  readonly input: number;
  readonly cachedInput: number;
  readonly cacheWrite: number;
  readonly audioInput: number;
  readonly imageInput: number;
  readonly cachedAudioInput: number;
  readonly cachedImageInput: number;
  readonly output: number;
  readonly reasoning: number;
  readonly audioOutput: number;
  readonly imageOutput: number;
  readonly acceptedPrediction: number;
  readonly rejectedPrediction: number;
  /** Units that are billed beside tokens: pictures, seconds, characters, fees of hosted tools. */
  readonly units?: readonly BilledUnits[];
}

/** The kinds of a {@link TokenUsage}, in the order of its fields. */
export const USAGE_KINDS = [
  'input',
  'cachedInput',
  'cacheWrite',
  'audioInput',
  'imageInput',
  'cachedAudioInput',
  'cachedImageInput',
  'output',
  'reasoning',
  'audioOutput',
  'imageOutput',
  'acceptedPrediction',
  'rejectedPrediction',
] as const satisfies readonly Exclude<keyof TokenUsage, 'units'>[];

/** A kind of tokens. */
export type UsageKind = (typeof USAGE_KINDS)[number];

/** Creates a usage from the given kinds, with zero for the others. */
export function tokenUsage(kinds: Partial<TokenUsage> = {}): TokenUsage {
  return {
    input: kinds.input ?? 0,
    cachedInput: kinds.cachedInput ?? 0,
    cacheWrite: kinds.cacheWrite ?? 0,
    audioInput: kinds.audioInput ?? 0,
    imageInput: kinds.imageInput ?? 0,
    cachedAudioInput: kinds.cachedAudioInput ?? 0,
    cachedImageInput: kinds.cachedImageInput ?? 0,
    output: kinds.output ?? 0,
    reasoning: kinds.reasoning ?? 0,
    audioOutput: kinds.audioOutput ?? 0,
    imageOutput: kinds.imageOutput ?? 0,
    acceptedPrediction: kinds.acceptedPrediction ?? 0,
    rejectedPrediction: kinds.rejectedPrediction ?? 0,
    ...(kinds.units === undefined || kinds.units.length === 0 ? {} : { units: kinds.units }),
  };
}

/**
 * Returns all tokens of a usage: input plus output.
 * @example
 * tracker.on((event) => {
 *   if (event.type === 'call') console.log(event.model, totalTokens(event.usage));
 * });
 */
export function totalTokens(usage: TokenUsage): number {
  return usage.input + usage.output;
}

/** Adds two usages kind by kind, and joins the lists of their units. */
export function addUsage(a: TokenUsage, b: TokenUsage): TokenUsage {
  const sum = Object.fromEntries(USAGE_KINDS.map((kind) => [kind, a[kind] + b[kind]]));
  return tokenUsage({ ...sum, units: [...(a.units ?? []), ...(b.units ?? [])] });
}
