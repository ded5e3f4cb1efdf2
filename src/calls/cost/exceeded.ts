import type { ExceededReason } from '../../budget/index.ts';
import { highestRates, isPriorityTier, type RateCard, ratesFor } from '../../pricing/index.ts';
import type { CallPlan, ParsedResponse } from '../../providers/index.ts';
import type { CallReservation } from '../reservation.ts';
import type { Charge } from './charge.ts';

/** Returns why a charge is above what was reserved for it. */
export function exceededReason(
  plan: CallPlan,
  card: RateCard,
  { inputTokens, outputTokens }: CallReservation,
  charge: Charge,
  response: ParsedResponse,
): ExceededReason {
  const { usage } = charge;
  if (response.finishReasons.length > plan.choices) return 'choices';
  if (usage.input > inputTokens) return 'input';
  if (usage.output > outputTokens) return 'output';
  if (isDearer(charge.card, card, usage.input)) return 'model';
  if (isPriorityTier(response.serviceTier) && !isPriorityTier(plan.body['service_tier'])) return 'tier';
  return response.tools === undefined ? 'unknown' : 'tools';
}

/** Whether one model costs more than another, for input or for output. */
function isDearer(one: RateCard, other: RateCard, inputTokens: number): boolean {
  const rates = highestRates(ratesFor(one.tiers, inputTokens));
  const otherRates = highestRates(ratesFor(other.tiers, inputTokens));
  return rates.input > otherRates.input || rates.output > otherRates.output;
}
