import {
  PriceBook,
  type PriceOverride,
  type RateCard,
  type UnitPrice,
  type UnknownModelPolicy,
} from '../pricing/index.ts';
import { printJson, printText } from './output.ts';

/** How to look up and print a price. */
export interface ShowPriceOptions {
  readonly prices?: Readonly<Record<string, PriceOverride>>;
  readonly unknownModel?: UnknownModelPolicy;
  readonly json?: boolean;
}

/**
 * Prints the prices of a model (USD per million tokens, and prices of other units) and their source.
 * @throws PriceUnknownError if no price is known and the policy is `error`
 */
export function showPrice(model: string, { json = false, ...settings }: ShowPriceOptions = {}): void {
  const card = new PriceBook(settings).lookup({ model });
  if (json) printJson(toJson(card));
  else printText(formatPrices(card));
}

function toJson({ model, source, pricedAs, tiers, contextWindow, units }: RateCard): object {
  return {
    model,
    source,
    pricedAs,
    contextWindow,
    tiers: tiers.map(({ aboveInput, rates }) => ({
      aboveInputTokens: aboveInput,
      usdPerMillion: usdPerMillionTokens(rates),
    })),
    ...(source === 'family'
      ? {}
      : { units: units?.map((price) => ({ ...price, ...usdPerListedUnit(price) })) }),
  };
}

function formatPrices({ model, source, pricedAs, tiers, units = [] }: RateCard): string {
  const from = pricedAs === undefined || pricedAs === model ? source : `${source}, as ${pricedAs}`;
  const byToken =
    units.length === 0 || tiers.some(({ rates }) => Object.values(rates).some((rate) => rate > 0));
  const lines = [`${model} (price: ${from})${byToken ? ', USD per million tokens' : ''}`];
  for (const { aboveInput, rates } of byToken ? tiers : []) {
    const usd = usdPerMillionTokens(rates);
    const when = aboveInput === 0 ? '' : `, input above ${aboveInput} tokens`;
    lines.push(`  input ${usd.input}, cached input ${usd.cachedInput}, output ${usd.output}${when}`);
  }
  // A model that is not in the book may be of any kind: only its token prices are shown.
  for (const price of source === 'family' ? [] : units) {
    const { usd, per } = usdPerListedUnit(price);
    lines.push(`  ${price.variant === undefined ? '' : `${price.variant}: `}${usd} USD per ${per}`);
  }
  return lines.join('\n');
}

/** Converts a price to the unit in which price lists give it. */
function usdPerListedUnit({ unit, picoUsd }: UnitPrice): { usd: number; per: string } {
  const [per, size] = LISTED_UNITS[unit] ?? [unit, 1];
  return { usd: (picoUsd * size) / 1e12, per };
}

const LISTED_UNITS: Readonly<Partial<Record<UnitPrice['unit'], readonly [per: string, size: number]>>> = {
  audio_ms: ['minute of audio', 60_000],
  video_ms: ['second of video', 1_000],
  character: ['million characters', 1_000_000],
};

function usdPerMillionTokens(rates: RateCard['tiers'][number]['rates']): Record<keyof typeof rates, number> {
  return Object.fromEntries(Object.entries(rates).map(([kind, pico]) => [kind, pico / 1_000_000])) as Record<
    keyof typeof rates,
    number
  >;
}
