import type { BilledUnits, TokenUsage } from '../usage/index.ts';
import { HOSTED_TOOL_FEES } from './model-data/index.ts';
import type { UnitPrice } from './unit-prices.ts';

/**
 * Prices of one token by kind, in pico-USD (10^-12 USD). A price of $1.75 per million tokens is 1,750,000
 * pico-USD a token, so every price of up to six decimals per million is an exact integer.
 */
export interface Rates {
  readonly input: number;
  readonly cachedInput: number;
  readonly cacheWrite: number;
  readonly audioInput: number;
  readonly imageInput: number;
  readonly cachedAudioInput: number;
  readonly cachedImageInput: number;
  readonly output: number;
  readonly audioOutput: number;
  readonly imageOutput: number;
}

/** Rates that apply once the input of a call is larger than `aboveInput` tokens (0: always). */
export interface RateTier {
  readonly aboveInput: number;
  readonly rates: Rates;
}

/** Converts USD per million tokens to pico-USD per token. */
export function picoPerToken(usdPerMillion: number): number {
  return Math.round(usdPerMillion * 1_000_000);
}

/**
 * Returns the rates of a call with that many input tokens: a long input changes the price of the whole call.
 */
export function ratesFor(tiers: readonly RateTier[], inputTokens: number): Rates {
  let found: Rates | undefined;
  for (const tier of tiers) {
    if (found === undefined || inputTokens > tier.aboveInput) found = tier.rates;
  }
  if (found === undefined) throw new RangeError('a rate card has at least one tier');
  return found;
}

/**
 * Returns the cost of a usage in nano-USD, rounded up once, at the end.
 *
 * Parts with a price of their own (cached, cache write, audio, image) are subtracted from their whole and
 * charged at that price; the rest of the whole is text. Reasoning and predicted tokens are output like any
 * other. Units are added at their own prices.
 *
 * @example
 * const { tiers, units } = new PriceBook().lookup({ model: 'gpt-5.2' });
 * const [tier] = tiers;
 * const costNanoUsd = tier === undefined ? 0 : costOf(usage, tier.rates, units);
 */
export function costOf(usage: TokenUsage, rates: Rates, units: readonly UnitPrice[] = []): number {
  const { cachedAudioInput, cachedImageInput } = usage;
  const cachedText = usage.cachedInput - cachedAudioInput - cachedImageInput;
  const audioInput = usage.audioInput - cachedAudioInput;
  const imageInput = usage.imageInput - cachedImageInput;
  const textInput = usage.input - usage.cachedInput - usage.cacheWrite - audioInput - imageInput;
  const textOutput = usage.output - usage.audioOutput - usage.imageOutput;
  return nanoCost([
    [Math.max(0, textInput), rates.input],
    [Math.max(0, cachedText), rates.cachedInput],
    [cachedAudioInput, rates.cachedAudioInput],
    [cachedImageInput, rates.cachedImageInput],
    [usage.cacheWrite, rates.cacheWrite],
    [Math.max(0, audioInput), rates.audioInput],
    [Math.max(0, imageInput), rates.imageInput],
    [Math.max(0, textOutput), rates.output],
    [usage.audioOutput, rates.audioOutput],
    [usage.imageOutput, rates.imageOutput],
    ...(usage.units === undefined ? [] : pricedUnits(usage.units, units)),
  ]);
}

/** A quantity and the price of each, pico-USD. */
export type Priced = readonly [quantity: number, picoUsd: number];

/**
 * Returns the total of quantities at their prices in nano-USD, rounded up once. Exact for any quantity and
 * price: a double holds the sum of most calls; a sum that exceeds it (one of 100 million tokens does) is
 * added as `bigint`.
 */
export function nanoCost(parts: readonly Priced[]): number {
  let pico = 0;
  for (const [quantity, price] of parts) pico += quantity * price;
  if (pico <= Number.MAX_SAFE_INTEGER) return (pico - (pico % 1_000)) / 1_000 + (pico % 1_000 > 0 ? 1 : 0);
  let exact = 0n;
  for (const [quantity, price] of parts) exact += BigInt(quantity) * BigInt(price);
  return picoToNano(exact);
}

/** Converts pico-USD to nano-USD, rounded up. */
export function picoToNano(pico: bigint): number {
  return Number((pico + 999n) / 1000n);
}

/** Multiplies every rate by a fraction, rounded up. */
export function scaleRates(rates: Rates, numerator: number, denominator: number): Rates {
  const scale = (rate: number): number => Math.ceil((rate * numerator) / denominator);
  return {
    input: scale(rates.input),
    cachedInput: scale(rates.cachedInput),
    cacheWrite: scale(rates.cacheWrite),
    audioInput: scale(rates.audioInput),
    imageInput: scale(rates.imageInput),
    cachedAudioInput: scale(rates.cachedAudioInput),
    cachedImageInput: scale(rates.cachedImageInput),
    output: scale(rates.output),
    audioOutput: scale(rates.audioOutput),
    imageOutput: scale(rates.imageOutput),
  };
}

/** Returns the highest rate of any input token and of any output token: the rates of a worst case. */
export function highestRates(rates: Rates): { input: number; output: number } {
  return {
    input: Math.max(rates.input, rates.cachedInput, rates.cacheWrite, rates.audioInput, rates.imageInput),
    output: Math.max(rates.output, rates.audioOutput, rates.imageOutput),
  };
}

/**
 * Pairs units with their prices: that of the variant, that of any variant, or the highest of the unit if the
 * variant's own is not known. Fees of hosted tools are the same for all models; a unit without any price is
 * free.
 */
export function pricedUnits(units: readonly BilledUnits[], prices: readonly UnitPrice[]): Priced[] {
  return units
    .filter(({ quantity }) => quantity > 0)
    .map((billed): Priced => [billed.quantity, unitPicoUsd(billed, prices)]);
}

function unitPicoUsd({ unit, variant }: BilledUnits, prices: readonly UnitPrice[]): number {
  const own = prices.filter((price) => price.unit === unit);
  const known = own.length > 0 ? own : HOSTED_TOOL_FEES.filter((price) => price.unit === unit);
  const exact = known.find((price) => price.variant === variant) ?? known.find((price) => !price.variant);
  return exact?.picoUsd ?? Math.max(0, ...known.map(({ picoUsd }) => picoUsd));
}
