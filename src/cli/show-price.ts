import {
  PriceBook,
  type PriceOverride,
  type RateCard,
  type UnitPrice,
  type UnknownModelPolicy,
} from '../pricing/index.ts';

export interface ShowPriceOptions {
  readonly prices?: Readonly<Record<string, PriceOverride>>;
  readonly unknownModel?: UnknownModelPolicy;
  readonly json?: boolean;
}

/**
 * Prints what a model costs, USD per million tokens and for what is not billed by the token, and where the price comes from.
 * @throws PriceUnknownError where no price is known and the policy is `error`
 */
export function showPrice(model: string, { json = false, ...settings }: ShowPriceOptions = {}): void {
  const card = new PriceBook(settings).lookup({ model });
  process.stdout.write(json ? `${JSON.stringify(asJson(card), null, 2)}\n` : asText(card));
}

function asJson({ model, source, pricedAs, tiers, contextWindow, units }: RateCard): object {
  return {
    model,
    source,
    pricedAs,
    contextWindow,
    tiers: tiers.map(({ aboveInput, rates }) => ({
      aboveInputTokens: aboveInput,
      usdPerMillion: perMillion(rates),
    })),
    ...(source === 'family' ? {} : { units: units?.map((price) => ({ ...price, ...usdOf(price) })) }),
  };
}

function asText({ model, source, pricedAs, tiers, units = [] }: RateCard): string {
  const from = pricedAs === undefined || pricedAs === model ? source : `${source}, as ${pricedAs}`;
  const byToken =
    units.length === 0 || tiers.some(({ rates }) => Object.values(rates).some((rate) => rate > 0));
  const lines = [`${model} (price: ${from})${byToken ? ', USD per million tokens' : ''}`];
  for (const { aboveInput, rates } of byToken ? tiers : []) {
    const usd = perMillion(rates);
    const when = aboveInput === 0 ? '' : `, input above ${aboveInput} tokens`;
    lines.push(`  input ${usd.input}, cached input ${usd.cachedInput}, output ${usd.output}${when}`);
  }
  // One that nobody knows may be of any kind: its price by the token is told.
  for (const price of source === 'family' ? [] : units) {
    const { usd, per } = usdOf(price);
    lines.push(`  ${price.variant === undefined ? '' : `${price.variant}: `}${usd} USD per ${per}`);
  }
  return `${lines.join('\n')}\n`;
}

/** A price in the unit that price lists have. */
function usdOf({ unit, picoUsd }: UnitPrice): { usd: number; per: string } {
  const [per, many] = LISTED[unit] ?? [unit, 1];
  return { usd: (picoUsd * many) / 1e12, per };
}

const LISTED: Readonly<Partial<Record<UnitPrice['unit'], readonly [per: string, many: number]>>> = {
  audio_ms: ['minute of audio', 60_000],
  video_ms: ['second of video', 1_000],
  character: ['million characters', 1_000_000],
};

function perMillion(rates: RateCard['tiers'][number]['rates']): Record<keyof typeof rates, number> {
  return Object.fromEntries(Object.entries(rates).map(([kind, pico]) => [kind, pico / 1_000_000])) as Record<
    keyof typeof rates,
    number
  >;
}
