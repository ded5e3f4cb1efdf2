import { PriceBook, type PriceOverride, type RateCard, type UnknownModelPolicy } from '../pricing/index.ts';

export interface PriceSettings {
  readonly prices?: Readonly<Record<string, PriceOverride>>;
  readonly unknownModel?: UnknownModelPolicy;
  readonly json?: boolean;
}

/**
 * Prints what a model costs, USD per million tokens, and where the price comes from.
 * @throws PriceUnknownError where no price is known and the policy is `error`
 */
export function showPrice(model: string, { json = false, ...settings }: PriceSettings = {}): void {
  const card = new PriceBook(settings).lookup({ model });
  process.stdout.write(json ? `${JSON.stringify(asJson(card), null, 2)}\n` : asText(card));
}

function asJson({ model, source, pricedAs, tiers, contextWindow }: RateCard): object {
  return {
    model,
    source,
    pricedAs,
    contextWindow,
    tiers: tiers.map(({ aboveInput, rates }) => ({
      aboveInputTokens: aboveInput,
      usdPerMillion: perMillion(rates),
    })),
  };
}

function asText({ model, source, pricedAs, tiers }: RateCard): string {
  const from = pricedAs === undefined || pricedAs === model ? source : `${source}, as ${pricedAs}`;
  const lines = [`${model} (price: ${from}), USD per million tokens`];
  for (const { aboveInput, rates } of tiers) {
    const usd = perMillion(rates);
    const when = aboveInput === 0 ? '' : `, input above ${aboveInput} tokens`;
    lines.push(`  input ${usd.input}, cached input ${usd.cachedInput}, output ${usd.output}${when}`);
  }
  return `${lines.join('\n')}\n`;
}

function perMillion(rates: RateCard['tiers'][number]['rates']): Record<keyof typeof rates, number> {
  return Object.fromEntries(Object.entries(rates).map(([kind, pico]) => [kind, pico / 1_000_000])) as Record<
    keyof typeof rates,
    number
  >;
}
