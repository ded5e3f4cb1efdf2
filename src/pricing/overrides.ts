import { picoPerToken, type RateTier } from './rates.ts';
import { type UnitPrice, unitPrice } from './unit-prices.ts';

/** A private price, USD per million tokens by kind, and for what is not billed by the token. A kind without a price costs what its whole costs. */
export interface PriceOverride {
  readonly input: number;
  readonly output: number;
  readonly cachedInput?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly audioInput?: number | undefined;
  readonly imageInput?: number | undefined;
  readonly audioOutput?: number | undefined;
  readonly imageOutput?: number | undefined;
  /** USD for one picture. */
  readonly picture?: number | undefined;
  /** USD for a second of audio or video. */
  readonly second?: number | undefined;
  /** USD for a million characters that are spoken. */
  readonly characters?: number | undefined;
}

/**
 * What a model without a known price costs: the dearest known price of its family (`family`, the default),
 * nothing (`zero`), a price given, or the call is refused (`error`).
 */
export type UnknownModelPolicy = 'family' | 'error' | 'zero' | PriceOverride;

/** A given price as the one tier of a rate card. */
export function overrideTiers(price: PriceOverride): readonly RateTier[] {
  const input = picoPerToken(price.input);
  const output = picoPerToken(price.output);
  const or = (usd: number | undefined, whole: number): number =>
    usd === undefined ? whole : picoPerToken(usd);
  return [
    {
      aboveInput: 0,
      rates: {
        input,
        cachedInput: or(price.cachedInput, input),
        cacheWrite: or(price.cacheWrite, input),
        audioInput: or(price.audioInput, input),
        imageInput: or(price.imageInput, input),
        // No discount is given that was not set.
        cachedAudioInput: or(price.audioInput, input),
        cachedImageInput: or(price.imageInput, input),
        output,
        audioOutput: or(price.audioOutput, output),
        imageOutput: or(price.imageOutput, output),
      },
    },
  ];
}

/** The rates of what costs nothing by the token. */
export const FREE_TIERS = overrideTiers({ input: 0, output: 0 });

/** The prices of what is not billed by the token. */
export function overrideUnits({ picture, second, characters }: PriceOverride): readonly UnitPrice[] {
  return [
    ...(picture === undefined ? [] : [unitPrice('picture', picture)]),
    ...(characters === undefined ? [] : [unitPrice('character', characters, 1_000_000)]),
    ...(second === undefined
      ? []
      : [unitPrice('audio_ms', second, 1_000), unitPrice('video_ms', second, 1_000)]),
  ];
}
