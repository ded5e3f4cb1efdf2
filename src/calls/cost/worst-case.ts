import type { WorstCase } from '../../budget/index.ts';
import {
  costOf,
  dearest,
  isFaster,
  LARGEST_CONTEXT_WINDOW,
  nanoCost,
  type PriceBook,
  pricedUnits,
  type RateCard,
  type Rates,
  ratesFor,
  ratesOfTier,
} from '../../pricing/index.ts';
import {
  type CallPlan,
  isTokenPlan,
  type KnownFiles,
  type OtherUsage,
  priceQuery,
  type TokenPlan,
  toolsOfRequest,
} from '../../providers/index.ts';
import { boundInput, countInput } from '../../tokens/index.ts';
import type { TokenUsage } from '../../usage/index.ts';
import type { ResponseMemory } from './response-history.ts';

/** What a call may cost at most, and whether a closer count could say less. */
export interface Quote {
  readonly request: WorstCase;
  readonly exact: boolean;
}

/** The worst case of a call that is cheap to find; undefined where it has no bound that is known before it is sent. */
export function firstQuote(
  plan: CallPlan,
  card: RateCard,
  memory: ResponseMemory,
  files: KnownFiles,
): Quote | undefined {
  if (isTokenPlan(plan)) return boundQuote(plan, card, memory);
  const request = plan.endpoint.kind === 'metered' ? plan.endpoint.meter.worst(plan, card, files) : undefined;
  return request && { request, exact: true };
}

/** The worst case of a call from the size of its input alone: nothing is tokenized. */
export function boundQuote(plan: TokenPlan, card: RateCard, memory: ResponseMemory): Quote {
  const { upper, complete } = boundInput(plan.endpoint.kind, plan.body);
  return quote(plan, card, wholeInput(plan, card, { upper, complete }, memory), false);
}

/** The worst case from a count of its input: closer, and dearer to make. */
export function countedQuote(plan: TokenPlan, card: RateCard, memory: ResponseMemory): Quote {
  const { upper, complete } = countInput(plan.endpoint.kind, plan.body);
  return quote(plan, card, wholeInput(plan, card, { upper, complete }, memory), true);
}

/**
 * Input that is not in the request is bounded by what the response it goes on from is remembered to hold, else by
 * the context window.
 */
function wholeInput(
  plan: CallPlan,
  card: RateCard,
  { upper, complete }: { upper: number; complete: boolean },
  memory: ResponseMemory,
): number {
  if (complete) return upper;
  const previous = memory.totalOf(plan.body);
  return previous === undefined
    ? Math.max(upper, card.contextWindow ?? LARGEST_CONTEXT_WINDOW)
    : upper + previous;
}

function quote(plan: CallPlan, card: RateCard, input: number, exact: boolean): Quote {
  const rates = worstRates(plan, ratesFor(card.tiers, input), card);
  const most = dearest(rates);
  // An output that cannot be capped is paid whole or not at all, like the input.
  const uncapped = plan.endpoint.capped === false ? uncappedOutput(plan, input) : 0;
  const { units, pictureTokens } = toolsOfRequest(plan.body);
  const costNanoUsd = nanoCost([
    [input, most.input],
    [uncapped, most.output],
    [pictureTokens, PICTURE_TOKEN_PICO],
    ...pricedUnits(units, []),
  ]);
  return {
    exact,
    request: {
      fixed: { costNanoUsd, tokens: input + uncapped + pictureTokens, calls: 1 },
      outputPicoUsd: most.output * plan.choices,
      choices: plan.choices,
      outputCap: plan.endpoint.capped === false ? 0 : plan.outputCap,
      capped: plan.askedCap !== undefined,
    },
  };
}

/** The dearest output token of the models that the image generation tool uses (gpt-image-1: $40 a million), pico-USD. */
const PICTURE_TOKEN_PICO = 40_000_000;

/** The least that a compaction is taken to give, tokens: a short input may come back with framing around it. */
const LEAST_COMPACTION = 4_096;

/** A compaction says less than what it compacts, whatever the model could say. */
function uncappedOutput(plan: CallPlan, input: number): number {
  return Math.min(plan.outputCap, Math.max(LEAST_COMPACTION, input));
}

/** A tier asked for may not be the one given: the dearer of it and the standard one counts before the call. */
function worstRates(plan: CallPlan, standard: Rates, card: RateCard): Rates {
  const tier = plan.body['service_tier'];
  return isFaster(tier) ? ratesOfTier(standard, tier, card.pricedAs ?? card.model) : standard;
}

/** What a usage costs, and by which card. */
export interface Charge {
  readonly costNanoUsd: number;
  readonly card: RateCard;
}

/**
 * The cost of a usage: at the price of the model that answered where one is known, else of the model that was
 * asked for, at the rates of the tier that served it.
 */
export function priceUsage(
  prices: PriceBook,
  plan: CallPlan,
  asked: RateCard,
  usage: TokenUsage,
  answered: { model?: string | undefined; serviceTier?: string | undefined },
): Charge {
  const card =
    answered.model !== undefined && answered.model !== plan.model && asked.source !== 'override'
      ? (prices.known(priceQuery(plan.provider, answered.model)) ?? asked)
      : asked;
  const rates = ratesOfTier(
    ratesFor(card.tiers, usage.input),
    answered.serviceTier,
    card.pricedAs ?? card.model,
  );
  return { costNanoUsd: costOf(usage, rates, card.units), card };
}

/** What a tool used at the price of another model; where that is not known, of the policy for such models. */
export function priceOther(prices: PriceBook, plan: CallPlan, { model, usage }: OtherUsage): number {
  const card = prices.lookup(priceQuery(plan.provider, model));
  return costOf(usage, ratesFor(card.tiers, usage.input), card.units);
}
