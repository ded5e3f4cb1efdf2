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

/** The context window of a Realtime model that the book does not tell (gpt-realtime-2: 128,000), tokens. */
const CONTEXT_WINDOW = 128_000;

/** The plan of one response of a Realtime session, whose input has that many tokens at most. */
export function realtimePlan(
  provider: Provider,
  model: string,
  body: Readonly<Record<string, unknown>>,
  inputBound: number,
): CallPlan {
  const asked = integerBetween(body['max_output_tokens'] ?? body['max_response_output_tokens'], 1, 1_000_000);
  return {
    endpoint: realtimeEndpoint(responseMeter(inputBound), 'chat'),
    provider,
    priceQuery: { model, provider: provider.name, baseUrl: provider.baseUrl },
    body,
    model,
    stream: true,
    ...(asked === undefined ? {} : { askedCap: asked }),
    capField: 'max_output_tokens',
    outputCap: asked ?? maxOutputTokens(model),
    choices: 1,
    aborted: false,
  };
}

/** The plan of a transcription of what was heard in a session. */
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

function responseMeter(inputBound: number): EndpointPricing {
  return {
    worstCase(plan, card) {
      const input = Math.min(inputBound, card.contextWindow ?? CONTEXT_WINDOW);
      const most = highestRates(ratesFor(card.tiers, input));
      return {
        fixed: {
          costNanoUsd: nanoCost([[input, most.input]]),
          tokens: input,
          calls: 1,
        },
        outputPicoUsd: most.output,
        choices: 1,
        outputCap: plan.outputCap,
        capped: plan.askedCap !== undefined,
      };
    },
    readUsage: (answer) => readUsage(answer['usage']),
    estimateUsage: (_plan, card) =>
      tokenUsage({ input: Math.min(inputBound, card.contextWindow ?? CONTEXT_WINDOW) }),
  };
}
