import type { RateCard } from '../../../../pricing/index.ts';
import { countInput } from '../../../../tokens/index.ts';
import { readUsage, type TokenUsage, tokenUsage, type UsageReading } from '../../../../usage/index.ts';
import { isRecord } from '../../../../util/index.ts';
import type { CallPlan, EndpointPricing } from '../../../contract/index.ts';
import { isBilledBy, tokensOrUnitsWorstCase, unitUsage } from './billing.ts';

/** Tokens of a second of audio that is heard: one for 100 ms (realtime costs guide). */
const TOKENS_PER_SECOND = 10;

/** Tokens of a second that is written down: fast speech, with what the model adds. */
const WRITTEN_PER_SECOND = 10;
const WRITTEN_LIKELY = 4;

/** The most output of one answer to a short recording, tokens (gpt-4o-transcribe model page). */
const LEAST_WRITTEN = 2_000;

/**
 * Bytes that a second of a file has, by its format: at least, for a bound, and likely. Opus goes down to 6 kbit/s, MP3
 * to 8; 4 bits and 8,000 samples are the least of WAV.
 */
const BYTES: Readonly<Record<string, readonly [least: number, likely: number]>> = {
  wav: [4_000, 16_000],
  flac: [2_000, 8_000],
  mp3: [1_000, 4_000],
  mpga: [1_000, 4_000],
  mpeg: [1_000, 4_000],
};
const BYTES_OF_OTHERS = [750, 4_000] as const;

/** Longer than any file that is taken (25 MB) can be heard, milliseconds. */
const MOST_MS = 100_000_000;

/** Transcription and translation of audio. Billed by its duration (whisper-1) or by tokens. */
export const TRANSCRIPTION: EndpointPricing = {
  worstCase(plan, card) {
    const ms = durationOf(plan, 0);
    if (ms === undefined) return undefined;
    return tokensOrUnitsWorstCase(heard(plan, ms, WRITTEN_PER_SECOND, LEAST_WRITTEN), audio(ms), card);
  },
  readUsage(answer, _plan, card) {
    const told = readTokens(answer['usage'], card);
    if (told !== undefined) return told;
    const ms = toldDuration(answer);
    if (ms !== undefined && isBilledBy(card, 'audio_ms')) return unitUsage(audio(ms));
    return readUsage(undefined);
  },
  estimateUsage(plan, card) {
    const ms = durationOf(plan, 1) ?? 0;
    return isBilledBy(card, 'audio_ms')
      ? tokenUsage({ units: [audio(ms)] })
      : heard(plan, ms, WRITTEN_LIKELY, 0);
  },
};

/** Tokens, where an answer tells some: all of the input that is not said to be text is audio. */
function readTokens(usage: unknown, card: RateCard): UsageReading | undefined {
  if (!isRecord(usage) || usage['type'] === 'duration') return undefined;
  const told = readUsage(usage);
  // A model that is only billed by time says nothing of tokens that has a price.
  if (card.source === 'book' && isBilledBy(card, 'audio_ms')) return undefined;
  return told;
}

/** Milliseconds that an answer tells: in its usage, of itself, or as the end of its last caption. */
function toldDuration(answer: Readonly<Record<string, unknown>>): number | undefined {
  const usage = answer['usage'];
  return (
    milliseconds(isRecord(usage) ? usage['seconds'] : undefined) ??
    milliseconds(answer['duration']) ??
    lastCaption(answer['text'])
  );
}

function milliseconds(seconds: unknown): number | undefined {
  const number = typeof seconds === 'string' && /^\d{1,6}(\.\d+)?$/.test(seconds) ? Number(seconds) : seconds;
  if (typeof number !== 'number' || !(number > 0)) return undefined;
  const ms = Math.ceil(number * 1_000);
  return ms <= MOST_MS ? ms : undefined;
}

/** Of subtitles (SRT, WebVTT), which come as a text: the latest time in them. */
function lastCaption(text: unknown): number | undefined {
  if (typeof text !== 'string' || !text.includes('-->')) return undefined;
  let last = 0;
  for (const [, hours = '0', minutes, seconds, ms] of text.matchAll(
    /--> *(?:(\d+):)?(\d{2}):(\d{2})[.,](\d{3})/g,
  )) {
    const at = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000 + Number(ms);
    last = Math.max(last, at);
  }
  return last > 0 && last <= MOST_MS ? last : undefined;
}

/** How long a file can be by its size, milliseconds: at most (0) or likely (1); undefined where the file is not seen. */
function durationOf({ body }: CallPlan, which: 0 | 1): number | undefined {
  const { file } = body;
  if (!(file instanceof Blob)) return undefined;
  const name = 'name' in file && typeof file.name === 'string' ? file.name : '';
  const bytes = (BYTES[name.split('.').at(-1)?.toLowerCase() ?? ''] ?? BYTES_OF_OTHERS)[which];
  // A second is the least that is billed.
  return Math.min(MOST_MS, Math.max(1_000, Math.ceil((file.size * 1_000) / bytes)));
}

function audio(quantity: number) {
  return { unit: 'audio_ms', quantity } as const;
}

function heard(plan: CallPlan, ms: number, writtenPerSecond: number, leastWritten: number): TokenUsage {
  const seconds = ms / 1_000;
  const audioInput = Math.ceil(seconds * TOKENS_PER_SECOND);
  const { upper } = countInput('completions', { model: plan.model, prompt: plan.body['prompt'] });
  const output = Math.max(leastWritten, Math.ceil(seconds * writtenPerSecond));
  return tokenUsage({ input: audioInput + upper, audioInput, output });
}
