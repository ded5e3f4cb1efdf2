import { type PriceBook, priceUsage } from '../../pricing/index.ts';
import { readUsage, type TokenUsage, tokenUsage, totalTokens, USAGE_KINDS } from '../../usage/index.ts';
import type { CallEvent } from '../events.ts';
import { checkAmounts, NOTHING } from '../limits.ts';

/** The usage of a call that had no reservation. A response of Chat or Responses is one as it is. */
export interface RecordedUsage {
  readonly model: string;
  /** The `usage` of a response, or tokens by kind. */
  readonly usage: unknown;
  readonly service_tier?: string | null | undefined;
  readonly id?: string | undefined;
}

/**
 * Returns the event of a call with that usage: its tokens by kind and its cost.
 * @throws RangeError if the usage is absent or not plausible
 */
export function recordedCall(
  budget: string,
  { model, usage: given, service_tier: tier, id }: RecordedUsage,
  prices: PriceBook,
): CallEvent {
  const usage = usageOf(given);
  const costNanoUsd = priceUsage(prices.lookupSpent({ model }), usage, { serviceTier: tier ?? undefined });
  const charged = { costNanoUsd, tokens: totalTokens(usage), calls: 1 };
  checkAmounts(charged);
  return {
    type: 'call',
    origin: 'record',
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
  if (isUsageByKind(given)) return tokenUsage(given);
  const { usage, inputKnown, problems } = readUsage(given);
  if (problems.length > 0) throw new RangeError(`usage: not plausible (${problems.join('; ')})`);
  if (!inputKnown) {
    throw new RangeError('usage: expected the usage of a response, or tokens by kind: input, output, …');
  }
  return usage;
}

function isUsageByKind(given: unknown): given is TokenUsage {
  if (typeof given !== 'object' || given === null || !('input' in given)) return false;
  for (const kind of USAGE_KINDS) {
    const value: unknown = Reflect.get(given, kind);
    if (value !== undefined && !(Number.isSafeInteger(value) && Number(value) >= 0)) {
      throw new RangeError(`usage.${kind}: got ${String(value)}, expected a whole number of tokens from 0`);
    }
  }
  return true;
}
