import { isPriorityTier, type PriceBook, priceUsage, type RateCard } from '../../pricing/index.ts';
import type { CallPlan } from '../../providers/index.ts';
import { isSnapshotOf } from '../../tokens/index.ts';
import type { TokenUsage } from '../../usage/index.ts';

/*
 * An answer names the model and the tier that it is billed for. A dearer one is always believed, a cheaper one
 * only where the request allows it.
 */

/** The service tiers that cost less than the standard one. */
const CHEAPER_TIERS: ReadonlySet<string> = new Set(['flex', 'batch']);

/**
 * Returns the tier that a call is charged for: that of the answer, unless it is cheaper than any that was
 * asked for. OpenAI serves a request for `priority` at `default`, and bills that, if its rate rises too fast
 * (https://platform.openai.com/docs/guides/priority-processing); without a tier in the answer the requested one is
 * charged if it is dearer.
 */
export function billedTier(asked: unknown, answered: string | undefined): string | undefined {
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
export function cardOfAnswer(
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
