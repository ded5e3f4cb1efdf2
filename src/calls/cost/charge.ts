import type { Amounts } from '../../budget/index.ts';
import { type PriceBook, priceUsage, type RateCard } from '../../pricing/index.ts';
import { addToolFees, type CallPlan, type ParsedResponse } from '../../providers/index.ts';
import { type TokenUsage, totalTokens } from '../../usage/index.ts';
import type { SeenOnce } from '../../util/index.ts';

/** The charge of a call for its usage. */
export interface Charge {
  /** The usage of the model that responded, with the fees of its hosted tools as units. */
  readonly usage: TokenUsage;
  readonly amounts: Amounts;
  /** The prices that were charged. */
  readonly card: RateCard;
}

/** The inputs of a charge that do not change over the life of a call. */
export interface ChargeContext {
  readonly prices: PriceBook;
  /** Containers already billed: each is charged once. */
  readonly billedContainers: SeenOnce;
}

/**
 * Charges a usage: at the price of the model that responded if it is known, else of the requested
 * model, at the rates of the tier that served it, with the fees of hosted tools.
 */
export function chargeUsage(
  context: ChargeContext,
  plan: CallPlan,
  requested: RateCard,
  usage: TokenUsage,
  response: Pick<ParsedResponse, 'model' | 'serviceTier' | 'tools'>,
): Charge {
  const { tools, serviceTier } = response;
  const card = cardOfResponse(context.prices, plan, requested, response.model);
  const own = tools === undefined ? usage : addToolFees(usage, tools, context.billedContainers);
  let costNanoUsd = priceUsage(card, own, { serviceTier });
  let tokens = totalTokens(own);
  for (const other of tools?.others ?? []) {
    costNanoUsd += priceUsage(context.prices.lookup({ ...plan.priceQuery, model: other.model }), other.usage);
    tokens += totalTokens(other.usage);
  }
  return { usage: own, amounts: { costNanoUsd, tokens, calls: 1 }, card };
}

/**
 * The card of the model that responded; the caller's own price for the requested model takes precedence.
 */
function cardOfResponse(
  prices: PriceBook,
  plan: CallPlan,
  requested: RateCard,
  responded: string | undefined,
): RateCard {
  if (responded === undefined || responded === plan.model || requested.source === 'override')
    return requested;
  return prices.findKnown({ ...plan.priceQuery, model: responded }) ?? requested;
}
