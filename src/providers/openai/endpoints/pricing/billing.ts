import { fixedWorstCase, type WorstCase } from '../../../../budget/index.ts';
import { priceUsage, type RateCard } from '../../../../pricing/index.ts';
import {
  type BilledUnits,
  type TokenUsage,
  tokenUsage,
  totalTokens,
  type UnitKind,
  type UsageReading,
} from '../../../../usage/index.ts';

/** The worst case of a call that has no output to be capped: paid whole or not at all. */
export function uncappedWorstCase(usage: TokenUsage, card: RateCard): WorstCase {
  return fixedWorstCase({ costNanoUsd: priceUsage(card, usage), tokens: totalTokens(usage), calls: 1 });
}

/** The worst case of a call that is billed by tokens or by units; by the dearer where it is not known which. */
export function tokensOrUnitsWorstCase(tokens: TokenUsage, units: BilledUnits, card: RateCard): WorstCase {
  const byTokens = uncappedWorstCase(tokens, card);
  if (!isBilledBy(card, units.unit)) return byTokens;
  const byUnits = uncappedWorstCase(tokenUsage({ units: [units] }), card);
  if (card.source === 'book') return byUnits;
  return byUnits.fixed.costNanoUsd >= byTokens.fixed.costNanoUsd ? byUnits : byTokens;
}

/** Whether a model is billed by that unit. One that nobody knows may be: its card has the prices of all. */
export function isBilledBy(card: RateCard, unit: UnitKind): boolean {
  return card.units?.some((price) => price.unit === unit) === true;
}

/** A reading that is known to be right: of the units alone. */
export function unitUsage(...units: readonly BilledUnits[]): UsageReading {
  return { usage: tokenUsage({ units }), inputKnown: true, outputKnown: true, problems: [] };
}

/** A whole number from `least` to `most`; of a form it comes as text. */
export function integerBetween(value: unknown, least: number, most: number): number | undefined {
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most
    ? number
    : undefined;
}
