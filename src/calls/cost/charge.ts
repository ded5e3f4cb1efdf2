import type { Amounts } from '../../budget/index.ts';
import { isPriorityTier, type PriceBook, priceUsage, type RateCard } from '../../pricing/index.ts';
import { addToolFees, type CallPlan, type ParsedResponse } from '../../providers/index.ts';
import { isSnapshotOf } from '../../tokens/index.ts';
import { type TokenUsage, totalTokens } from '../../usage/index.ts';
import type { SeenOnce } from '../../util/index.ts';

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

/*
 * An answer names the model and the tier that it is billed for. A dearer one is always believed, a cheaper one
 * only where the request allows it.
 */

/** The service tiers that cost less than the standard one. */
const CHEAPER_TIERS: ReadonlySet<string> = new Set(['flex', 'batch']);

/**
 * Returns the tier that a call is charged for: that of the answer, unless it is cheaper than any that was
 * asked for. OpenAI serves a request for `priority` at `default`, and bills that, if its rate rises too fast
 * (https://platform.openai.com/docs/guides/priority-processing). If the answer names no tier, a requested one that is
 * dearer is charged.
 */
function billedTier(asked: unknown, answered: string | undefined): string | undefined {
  if (answered !== undefined && (!CHEAPER_TIERS.has(answered) || answered === asked)) return answered;
  return isPriorityTier(asked) ? asked : undefined;
}

/** Names that stand for a choice among models, which the service makes. */
const ROUTER = /(?:^|[/-])(?:auto|router)$/;

/**
 * Returns the prices that a usage is charged at: those of the model that answered, if they are known. The
 * caller's own price of the requested model takes precedence.
 * @returns undefined if another model answered, and is cheaper than the requested one
 */
function cardOfAnswer(
  prices: PriceBook,
  plan: CallPlan,
  requested: RateCard,
  answered: string | undefined,
  usage: TokenUsage,
): RateCard | undefined {
  if (answered === undefined || answered === plan.model || requested.source === 'override') return requested;
  const card = prices.findKnown({ ...plan.priceQuery, model: answered });
  if (card === undefined) return requested;
  if (isSnapshotOf(answered, plan.model) || mayAnswer(answered, plan, requested)) return card;
  return priceUsage(card, usage) < priceUsage(requested, usage) ? undefined : card;
}

/**
 * Whether the request leaves open which model answers: its name is that of a deployment or of a router, none
 * that has a price, or one of several (`models` of OpenRouter, https://openrouter.ai/docs/features/model-routing).
 */
function mayAnswer(answered: string, { body, model, provider }: CallPlan, requested: RateCard): boolean {
  if (requested.source !== 'book' || provider.name === 'azure.ai.openai' || ROUTER.test(model)) return true;
  const { models } = body;
  return (
    Array.isArray(models) && models.some((one) => typeof one === 'string' && isSnapshotOf(answered, one))
  );
}
