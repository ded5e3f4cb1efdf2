import { dearest, maxOutputTokens, nanoCost, ratesFor } from '../../../pricing/index.ts';
import {
  type CallPlan,
  type Meter,
  type MeteredEndpoint,
  type Provider,
  TRANSCRIPTION,
  wholeNumber,
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
  const asked = wholeNumber(body['max_output_tokens'] ?? body['max_response_output_tokens'], 1, 1_000_000);
  return {
    endpoint: metered(responseMeter(inputBound), 'chat'),
    name: 'WebSocket /realtime',
    provider,
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
    endpoint: metered(TRANSCRIPTION, 'generate_content'),
    name: 'WebSocket /realtime',
    provider,
    body: {},
    model,
    stream: false,
    capField: '',
    outputCap: 0,
    choices: 1,
    aborted: false,
  };
}

function metered(meter: Meter, operation: MeteredEndpoint['operation']): MeteredEndpoint {
  return { kind: 'metered', meter, operation, hasOutput: true, capped: false };
}

function responseMeter(inputBound: number): Meter {
  return {
    worst(plan, card) {
      const input = Math.min(inputBound, card.contextWindow ?? CONTEXT_WINDOW);
      const most = dearest(ratesFor(card.tiers, input));
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
    read: (answer) => readUsage(answer['usage']),
    counted: (_plan, card) =>
      tokenUsage({ input: Math.min(inputBound, card.contextWindow ?? CONTEXT_WINDOW) }),
  };
}
