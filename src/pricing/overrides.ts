import { picoPerToken, type RateTier } from './rates.ts';
import { type UnitPrice, unitPrice } from './unit-prices.ts';

/**
 * A custom price: USD per million tokens by kind, and prices of units that are not tokens. A kind without a
 * price costs as much as its whole.
 */
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
  /** USD for a million spoken characters. */
  readonly characters?: number | undefined;
}

/**
 * The price of a model without a known price: the highest known price of its family (`family`, the default),
 * nothing (`zero`), or a given price. With `error` the call is denied.
 */
export type UnknownModelPolicy = 'family' | 'error' | 'zero' | PriceOverride;

/** Returns a custom price as the only tier of a rate card. */
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
        // A discount applies only if it was set.
        cachedAudioInput: or(price.audioInput, input),
        cachedImageInput: or(price.imageInput, input),
        output,
        audioOutput: or(price.audioOutput, output),
        imageOutput: or(price.imageOutput, output),
      },
    },
  ];
}

/** The tiers of a rate card by which tokens are free. */
export const FREE_TIERS = overrideTiers({ input: 0, output: 0 });

/** Returns the prices of units that are not tokens. */
export function overrideUnits({ picture, second, characters }: PriceOverride): readonly UnitPrice[] {
  return [
    ...(picture === undefined ? [] : [unitPrice('picture', picture)]),
    ...(characters === undefined ? [] : [unitPrice('character', characters, 1_000_000)]),
    ...(second === undefined
      ? []
      : [unitPrice('audio_ms', second, 1_000), unitPrice('video_ms', second, 1_000)]),
  ];
}
