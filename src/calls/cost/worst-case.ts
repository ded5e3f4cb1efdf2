import type { WorstCase } from '../../budget/index.ts';
import {
  highestRates,
  isPriorityTier,
  LARGEST_CONTEXT_WINDOW,
  nanoCost,
  type Priced,
  pricedUnits,
  type RateCard,
  ratesFor,
  ratesOfTier,
} from '../../pricing/index.ts';
import {
  type CallPlan,
  isTokenPlan,
  type KnownFiles,
  type TokenPlan,
  toolsWorstCase,
} from '../../providers/index.ts';
import { boundInput, countInput, type InputBound } from '../../tokens/index.ts';
import type { ResponseHistory } from './response-history.ts';

/**
 * The worst case of a call by the cheapest way to bound it; undefined if it has no bound that is known before
 * it is sent.
 */
export function initialWorstCase(
  plan: CallPlan,
  card: RateCard,
  history: ResponseHistory,
  files: KnownFiles,
): WorstCase | undefined {
  if (plan.isOpaque === true) return undefined;
  if (isTokenPlan(plan)) return boundedWorstCase(plan, card, history);
  return plan.endpoint.kind === 'unit-priced'
    ? plan.endpoint.pricing.worstCase(plan, card, files)
    : undefined;
}

/** The worst case of a call from the size of its input alone: nothing is tokenized. */
export function boundedWorstCase(plan: TokenPlan, card: RateCard, history: ResponseHistory): WorstCase {
  return worstCaseOf(plan, card, boundInput(plan.endpoint.kind, plan.body), history);
}

/** The worst case of a call from its tokenized input: tighter, and slower to compute. */
export function tokenizedWorstCase(plan: TokenPlan, card: RateCard, history: ResponseHistory): WorstCase {
  return worstCaseOf(plan, card, countInput(plan.endpoint.kind, plan.body), history);
}

function worstCaseOf(
  plan: TokenPlan,
  card: RateCard,
  bound: InputBound,
  history: ResponseHistory,
): WorstCase {
  const { body, endpoint, choices, outputCap } = plan;
  const input = bound.complete ? bound.upper : withStoredInput(bound, plan, card, history);
  const standard = ratesFor(card.tiers, input);
  const tier = body['service_tier'];
  // The requested tier may not be the one that serves the call: the more expensive one bounds both.
  const rates =
    tier !== undefined && isPriorityTier(tier)
      ? ratesOfTier(standard, tier, card.pricedAs ?? card.model)
      : standard;
  const highest = highestRates(rates);
  // An output without a cap is reserved as a whole, like the input.
  const uncapped = endpoint.capped === false ? Math.min(outputCap, Math.max(MIN_COMPACTION, input)) : 0;
  const priced: Priced[] = [
    [input, highest.input],
    [uncapped, highest.output],
  ];
  // Search models search without a tool in the request.
  const hasTools = body['tools'] !== undefined || body['web_search_options'] !== undefined;
  const tools = hasTools || plan.model.includes('-search-') ? toolsWorstCase(body) : undefined;
  const imageTokens = tools?.imageTokens ?? 0;
  if (tools !== undefined) priced.push([imageTokens, IMAGE_TOKEN_PICO], ...pricedUnits(tools.units, []));
  return {
    fixed: { costNanoUsd: nanoCost(priced), tokens: input + uncapped + imageTokens, calls: 1 },
    outputPicoUsd: highest.output * choices,
    choices,
    outputCap: endpoint.capped === false ? 0 : outputCap,
    capped: plan.requestedCap !== undefined,
  };
}

/**
 * The highest price of an output token of the models behind the image generation tool (gpt-image-1: $40 a
 * million), pico-USD.
 */
const IMAGE_TOKEN_PICO = 40_000_000;

/**
 * The least output reserved for a compaction, tokens: a short input may come back with framing around it. A
 * longer compaction is shorter than its input, whatever the model's maximum.
 */
const MIN_COMPACTION = 4_096;

/**
 * Bounds an input that is not as a whole in the request: by the total of the response that it continues, if
 * this process saw that one and nothing else is added, else by the context window.
 */
function withStoredInput(
  { upper, opaque }: InputBound,
  { body }: CallPlan,
  card: RateCard,
  history: ResponseHistory,
): number {
  const previous = opaque ? undefined : history.previousTokens(body);
  return previous === undefined
    ? Math.max(upper, card.contextWindow ?? LARGEST_CONTEXT_WINDOW)
    : upper + previous;
}
