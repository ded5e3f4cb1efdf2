import { picoPerToken, type RateTier } from './rates.ts';

/** A private price, USD per million tokens by kind. A kind without a price costs what its whole costs. */
export interface PriceOverride {
  readonly input: number;
  readonly output: number;
  readonly cachedInput?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly audioInput?: number | undefined;
  readonly imageInput?: number | undefined;
  readonly audioOutput?: number | undefined;
  readonly imageOutput?: number | undefined;
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
        output,
        audioOutput: or(price.audioOutput, output),
        imageOutput: or(price.imageOutput, output),
      },
    },
  ];
}
