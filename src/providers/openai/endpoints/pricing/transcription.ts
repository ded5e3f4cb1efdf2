import type { RateCard } from '../../../../pricing/index.ts';
import { countInput } from '../../../../tokens/index.ts';
import { readUsage, type TokenUsage, tokenUsage, type UsageReading } from '../../../../usage/index.ts';
import { isRecord } from '../../../../util/index.ts';
import type { CallPlan, EndpointPricing } from '../../../contract/index.ts';
import { isBilledBy, tokensOrUnitsWorstCase, unitUsage } from './billing.ts';

/** Tokens in a second of input audio: one per 100 ms (realtime costs guide). */
const INPUT_TOKENS_PER_SECOND = 10;

/** Tokens in the transcript of a second: of fast speech with what the model adds, and of typical speech. */
const MAX_OUTPUT_TOKENS_PER_SECOND = 10;
const TYPICAL_OUTPUT_TOKENS_PER_SECOND = 4;

/** The most output of one response to a short recording, tokens (gpt-4o-transcribe model page). */
const MAX_SHORT_OUTPUT_TOKENS = 2_000;

/** The bytes in a second of an audio file: at least, for a bound, and typically. */
interface BytesPerSecond {
  readonly min: number;
  readonly typical: number;
}

/**
 * By file extension. Opus goes down to 6 kbit/s and MP3 to 8 kbit/s; WAV has at least 4 bits and 8,000
 * samples a second.
 */
const BYTES_PER_SECOND: ReadonlyMap<string, BytesPerSecond> = new Map([
  ['wav', { min: 4_000, typical: 16_000 }],
  ['flac', { min: 2_000, typical: 8_000 }],
  ['mp3', { min: 1_000, typical: 4_000 }],
  ['mpga', { min: 1_000, typical: 4_000 }],
  ['mpeg', { min: 1_000, typical: 4_000 }],
]);
const OTHER_BYTES_PER_SECOND: BytesPerSecond = { min: 750, typical: 4_000 };

/** Longer than any file that the API accepts (25 MB) can last, milliseconds. */
const MAX_DURATION_MS = 100_000_000;

/** Transcription and translation of audio. Billed by its duration (whisper-1) or by tokens. */
export const TRANSCRIPTION: EndpointPricing = {
  worstCase(plan, card) {
    const ms = fileDurationMs(plan, 'min');
    if (ms === undefined) return undefined;
    const tokens = audioUsage(plan, ms, MAX_OUTPUT_TOKENS_PER_SECOND, MAX_SHORT_OUTPUT_TOKENS);
    return tokensOrUnitsWorstCase(tokens, audioUnits(ms), card);
  },
  readUsage(response, _plan, card) {
    const tokens = readTokens(response['usage'], card);
    if (tokens !== undefined) return tokens;
    const ms = reportedDurationMs(response);
    if (ms !== undefined && isBilledBy(card, 'audio_ms')) return unitUsage(audioUnits(ms));
    return readUsage(undefined);
  },
  estimateUsage(plan, card) {
    const ms = fileDurationMs(plan, 'typical') ?? 0;
    return isBilledBy(card, 'audio_ms')
      ? tokenUsage({ units: [audioUnits(ms)] })
      : audioUsage(plan, ms, TYPICAL_OUTPUT_TOKENS_PER_SECOND, 0);
  },
};

/** The tokens that a response reports, if it does: all of the input that is not reported as text is audio. */
function readTokens(usage: unknown, card: RateCard): UsageReading | undefined {
  if (!isRecord(usage) || usage['type'] === 'duration') return undefined;
  // The tokens of a model that is billed by time have no price.
  return card.source === 'book' && isBilledBy(card, 'audio_ms') ? undefined : readUsage(usage);
}

/** The duration that a response reports: in its usage, as a field, or as the end of its last caption. */
function reportedDurationMs(response: Readonly<Record<string, unknown>>): number | undefined {
  const usage = response['usage'];
  return (
    millisecondsOf(isRecord(usage) ? usage['seconds'] : undefined) ??
    millisecondsOf(response['duration']) ??
    lastCaptionEndMs(response['text'])
  );
}

function millisecondsOf(seconds: unknown): number | undefined {
  const number = typeof seconds === 'string' && /^\d{1,6}(\.\d+)?$/.test(seconds) ? Number(seconds) : seconds;
  if (typeof number !== 'number' || !(number > 0)) return undefined;
  const ms = Math.ceil(number * 1_000);
  return ms <= MAX_DURATION_MS ? ms : undefined;
}

/** The latest end of a caption in subtitles (SRT, WebVTT), which arrive as text. */
function lastCaptionEndMs(text: unknown): number | undefined {
  if (typeof text !== 'string' || !text.includes('-->')) return undefined;
  let last = 0;
  for (const [, hours = '0', minutes, seconds, ms] of text.matchAll(
    /--> *(?:(\d+):)?(\d{2}):(\d{2})[.,](\d{3})/g,
  )) {
    const at = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000 + Number(ms);
    last = Math.max(last, at);
  }
  return last > 0 && last <= MAX_DURATION_MS ? last : undefined;
}

/**
 * The duration of the uploaded file by its size, milliseconds: the longest possible at `min` bytes per
 * second; undefined if the request has no file.
 */
function fileDurationMs({ body }: CallPlan, rate: keyof BytesPerSecond): number | undefined {
  const { file } = body;
  if (!(file instanceof Blob)) return undefined;
  const name = 'name' in file && typeof file.name === 'string' ? file.name : '';
  const extension = name.split('.').at(-1)?.toLowerCase() ?? '';
  const bytes = (BYTES_PER_SECOND.get(extension) ?? OTHER_BYTES_PER_SECOND)[rate];
  // At least a second is billed.
  return Math.min(MAX_DURATION_MS, Math.max(1_000, Math.ceil((file.size * 1_000) / bytes)));
}

function audioUnits(quantity: number) {
  return { unit: 'audio_ms', quantity } as const;
}

function audioUsage(
  plan: CallPlan,
  ms: number,
  outputTokensPerSecond: number,
  minOutputTokens: number,
): TokenUsage {
  const seconds = ms / 1_000;
  const audioInput = Math.ceil(seconds * INPUT_TOKENS_PER_SECOND);
  const { upper } = countInput('completions', { model: plan.model, prompt: plan.body['prompt'] });
  const output = Math.max(minOutputTokens, Math.ceil(seconds * outputTokensPerSecond));
  return tokenUsage({ input: audioInput + upper, audioInput, output });
}
