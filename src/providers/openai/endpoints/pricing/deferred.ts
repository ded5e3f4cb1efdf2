import { readUsage, tokenUsage } from '../../../../usage/index.ts';
import { textOf } from '../../../../util/index.ts';
import type { EndpointPricing } from '../../../contract/index.ts';
import { integerBetween, uncappedWorstCase, unitUsage } from './billing.ts';

/** More than the input or output of any model, tokens. */
const MAX_TOKENS = 1_000_000_000;

/** The call itself is not billed: its usage is reported when the work completes. */
const noUsage = () => tokenUsage();

/** A batch of requests. Bounded by the requests in its file, at the price of batches. */
export const BATCH: EndpointPricing = {
  worstCase: (plan, _card, files) => files.worstCaseOf(textOf(plan.body['input_file_id'])),
  readUsage: (response) => readUsage(response['usage']),
  estimateUsage: noUsage,
};

/** A run of an assistant. Bounded if the request names its model and both token caps. */
export const ASSISTANT_RUN: EndpointPricing = {
  worstCase(plan, card) {
    const input = integerBetween(plan.body['max_prompt_tokens'], 1, MAX_TOKENS);
    const output = integerBetween(plan.body['max_completion_tokens'], 1, MAX_TOKENS);
    if (plan.model === '' || input === undefined || output === undefined) return undefined;
    return uncappedWorstCase(tokenUsage({ input, output }), card);
  },
  readUsage: (response) => readUsage(response['usage']),
  estimateUsage: noUsage,
};

/** A run of an evaluation. Unbounded: its calls cannot be counted in advance. */
export const EVAL_RUN: EndpointPricing = {
  worstCase: () => undefined,
  readUsage: () => readUsage(undefined),
  estimateUsage: noUsage,
};

/** A container for code. Billed a fee per session, by its memory. */
export const CONTAINER: EndpointPricing = {
  worstCase: (plan, card) => uncappedWorstCase(tokenUsage({ units: [session(plan.body)] }), card),
  readUsage: (_response, plan) => unitUsage(session(plan.body)),
  estimateUsage: (plan) => tokenUsage({ units: [session(plan.body)] }),
};

function session(body: Readonly<Record<string, unknown>>) {
  return { unit: 'container', quantity: 1, variant: textOf(body['memory_limit']) || '1g' } as const;
}
