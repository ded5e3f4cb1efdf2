import { costOf, type PriceBook, ratesFor, ratesOfTier } from '../../pricing/index.ts';
import { readUsage, type TokenUsage, tokenUsage, totalTokens, USAGE_KINDS } from '../../usage/index.ts';
import type { CallEvent } from '../events.ts';
import { checkAmounts, NOTHING } from '../limits.ts';

/** What a call used that nobody reserved for. An answer of Chat or Responses is one, as it is. */
export interface RecordedUsage {
  readonly model: string;
  /** The `usage` of an answer, or tokens by kind. */
  readonly usage: unknown;
  readonly service_tier?: string | null | undefined;
  readonly id?: string | undefined;
}

/**
 * The call that it was: its tokens by kind, and what they cost.
 * @throws RangeError where the usage is absent or cannot be believed
 */
export function recordedCall(
  budget: string,
  { model, usage: given, service_tier: tier, id }: RecordedUsage,
  prices: PriceBook,
): CallEvent {
  const usage = usageOf(given);
  const card = prices.lookup({ model });
  const rates = ratesOfTier(
    ratesFor(card.tiers, usage.input),
    tier ?? undefined,
    card.pricedAs ?? card.model,
  );
  const charged = { costNanoUsd: costOf(usage, rates), tokens: totalTokens(usage), calls: 1 };
  checkAmounts(charged);
  return {
    type: 'call',
    budget,
    operation: 'chat',
    model,
    ...(id === undefined ? {} : { responseId: id }),
    stream: false,
    usage,
    charged,
    attempts: NOTHING,
    source: 'response',
    durationMs: 0,
  };
}

function usageOf(given: unknown): TokenUsage {
  if (isByKind(given)) return tokenUsage(given);
  const { usage, inputKnown, problems } = readUsage(given);
  if (problems.length > 0) throw new RangeError(`usage: cannot be believed (${problems.join('; ')})`);
  if (!inputKnown)
    throw new RangeError('usage: taken is the usage of an answer, or tokens by kind: input, output, …');
  return usage;
}

function isByKind(given: unknown): given is TokenUsage {
  if (typeof given !== 'object' || given === null || !('input' in given)) return false;
  for (const kind of USAGE_KINDS) {
    const value: unknown = Reflect.get(given, kind);
    if (value !== undefined && !(Number.isSafeInteger(value) && Number(value) >= 0)) {
      throw new RangeError(`usage.${kind}: given ${String(value)}; taken is a whole number of tokens from 0`);
    }
  }
  return true;
}
