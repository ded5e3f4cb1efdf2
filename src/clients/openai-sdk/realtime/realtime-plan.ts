import { highestRates, maxOutputTokens, nanoCost, ratesFor } from '../../../pricing/index.ts';
import {
  type CallPlan,
  type EndpointPricing,
  integerBetween,
  type Provider,
  TRANSCRIPTION,
  type UnitPricedEndpoint,
} from '../../../providers/index.ts';
import { readUsage, tokenUsage } from '../../../usage/index.ts';

/** The context window of a Realtime model if the price book has none (gpt-realtime-2: 128,000), tokens. */
const DEFAULT_CONTEXT_WINDOW = 128_000;

/**
 * Plans one response of a Realtime session.
 * @param inputBound the most tokens of its input
 */
export function realtimePlan(
  provider: Provider,
  model: string,
  body: Readonly<Record<string, unknown>>,
  inputBound: number,
): CallPlan {
  const requestedCap = integerBetween(
    body['max_output_tokens'] ?? body['max_response_output_tokens'],
    1,
    1_000_000,
  );
  return {
    endpoint: realtimeEndpoint(responsePricing(inputBound), 'chat'),
    provider,
    priceQuery: { model, provider: provider.name, baseUrl: provider.baseUrl },
    body,
    model,
    stream: true,
    ...(requestedCap === undefined ? {} : { requestedCap }),
    capField: 'max_output_tokens',
    outputCap: requestedCap ?? maxOutputTokens(model),
    choices: 1,
    aborted: false,
  };
}

/** Plans the transcription of input audio in a Realtime session. */
export function transcriptionPlan(provider: Provider, model: string): CallPlan {
  return {
    endpoint: realtimeEndpoint(TRANSCRIPTION, 'generate_content'),
    provider,
    priceQuery: { model, provider: provider.name, baseUrl: provider.baseUrl },
    body: {},
    model,
    stream: false,
    capField: '',
    outputCap: 0,
    choices: 1,
    aborted: false,
  };
}

function realtimeEndpoint(
  pricing: EndpointPricing,
  operation: UnitPricedEndpoint['operation'],
): UnitPricedEndpoint {
  return {
    name: 'WebSocket /realtime',
    kind: 'unit-priced',
    pricing,
    operation,
    hasOutput: true,
    capped: false,
  };
}

function responsePricing(inputBound: number): EndpointPricing {
  return {
    worstCase(plan, card) {
      const input = Math.min(inputBound, card.contextWindow ?? DEFAULT_CONTEXT_WINDOW);
      const highest = highestRates(ratesFor(card.tiers, input));
      return {
        fixed: {
          costNanoUsd: nanoCost([[input, highest.input]]),
          tokens: input,
          calls: 1,
        },
        outputPicoUsd: highest.output,
        choices: 1,
        outputCap: plan.outputCap,
        capped: plan.requestedCap !== undefined,
      };
    },
    readUsage: (response) => readUsage(response['usage']),
    estimateUsage: (_plan, card) =>
      tokenUsage({ input: Math.min(inputBound, card.contextWindow ?? DEFAULT_CONTEXT_WINDOW) }),
  };
}
