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

/** The worst case of a call whose output cannot be capped: it is paid in full or not made. */
export function uncappedWorstCase(usage: TokenUsage, card: RateCard): WorstCase {
  return fixedWorstCase({ costNanoUsd: priceUsage(card, usage), tokens: totalTokens(usage), calls: 1 });
}

/**
 * The worst case of a call billed by tokens or by units: the more expensive of both if it is unknown which.
 */
export function tokensOrUnitsWorstCase(tokens: TokenUsage, units: BilledUnits, card: RateCard): WorstCase {
  const byTokens = uncappedWorstCase(tokens, card);
  if (!isBilledBy(card, units.unit)) return byTokens;
  const byUnits = uncappedWorstCase(tokenUsage({ units: [units] }), card);
  if (card.source === 'book') return byUnits;
  return byUnits.fixed.costNanoUsd >= byTokens.fixed.costNanoUsd ? byUnits : byTokens;
}

/** Whether a model is billed by a unit. An unknown model may be: its card has the prices of all units. */
export function isBilledBy(card: RateCard, unit: UnitKind): boolean {
  return card.units?.some((price) => price.unit === unit) === true;
}

/** A complete reading of a usage that has units only. */
export function unitUsage(...units: readonly BilledUnits[]): UsageReading {
  return { usage: tokenUsage({ units }), inputKnown: true, outputKnown: true, problems: [] };
}

/** Reads an integer from `min` to `max`, which in a form is a text; undefined for anything else. */
export function integerBetween(value: unknown, min: number, max: number): number | undefined {
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max
    ? number
    : undefined;
}
