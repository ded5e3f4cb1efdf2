import type { Amounts } from '../../budget/index.ts';
import { type PriceBook, priceUsage, type RateCard } from '../../pricing/index.ts';
import { addToolFees, type CallPlan, type ParsedResponse } from '../../providers/index.ts';
import { type TokenUsage, totalTokens } from '../../usage/index.ts';
import type { SeenOnce } from '../../util/index.ts';
import { billedTier, cardOfAnswer } from './discounts.ts';

/** The charge of a call for its usage. */
export interface Charge {
  /** The usage of the model that responded, with the fees of its hosted tools as units. */
  readonly usage: TokenUsage;
  readonly amounts: Amounts;
  /** The prices that were charged. */
  readonly card: RateCard;
  /** What the answer reported that would cost less, and the request does not allow. */
  readonly problems: readonly string[];
}

/** The inputs of a charge that do not change over the life of a call. */
export interface ChargeContext {
  readonly prices: PriceBook;
  /** Containers already billed: each is charged once. */
  readonly billedContainers: SeenOnce;
}

/**
 * Charges a usage: at the price of the model that responded if it is known, else of the requested
 * model, at the rates of the tier that served it, with the fees of hosted tools. A cheaper model or tier that
 * the request does not allow is not believed.
 */
export function chargeUsage(
  context: ChargeContext,
  plan: CallPlan,
  requested: RateCard,
  usage: TokenUsage,
  response: Pick<ParsedResponse, 'model' | 'serviceTier' | 'tools'>,
): Charge {
  const { tools, model } = response;
  const own = tools === undefined ? usage : addToolFees(usage, tools, context.billedContainers);
  const answered = cardOfAnswer(context.prices, plan, requested, model, own);
  const card = answered ?? requested;
  const serviceTier = billedTier(plan.body['service_tier'], response.serviceTier);
  const problems: string[] = [];
  if (answered === undefined) problems.push(`model: ${model}, cheaper than requested`);
  if (response.serviceTier !== undefined && serviceTier !== response.serviceTier)
    problems.push(`service_tier: ${response.serviceTier}, not requested`);
  let costNanoUsd = priceUsage(card, own, { serviceTier });
  let tokens = totalTokens(own);
  for (const other of tools?.others ?? []) {
    costNanoUsd += priceUsage(context.prices.lookup({ ...plan.priceQuery, model: other.model }), other.usage);
    tokens += totalTokens(other.usage);
  }
  return { usage: own, amounts: { costNanoUsd, tokens, calls: 1 }, card, problems };
}
