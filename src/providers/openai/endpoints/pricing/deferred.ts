import { readUsage, tokenUsage } from '../../../../usage/index.ts';
import { textOf } from '../../../../util/index.ts';
import type { EndpointPricing } from '../../../contract/index.ts';
import { integerBetween, uncappedWorstCase, unitUsage } from './billing.ts';

/** More than any model takes or gives, tokens. */
const MOST_TOKENS = 1_000_000_000;

const NOTHING_COUNTED = () => tokenUsage();

/** A batch of requests: as much as the requests of its file may cost, at the price of batches. */
export const BATCH: EndpointPricing = {
  worstCase: (plan, _card, files) => files.worstCaseOf(textOf(plan.body['input_file_id'])),
  readUsage: (answer) => readUsage(answer['usage']),
  estimateUsage: NOTHING_COUNTED,
};

/** A run of an assistant: bounded where the request names its model and both of its caps. */
export const ASSISTANT_RUN: EndpointPricing = {
  worstCase(plan, card) {
    const input = integerBetween(plan.body['max_prompt_tokens'], 1, MOST_TOKENS);
    const output = integerBetween(plan.body['max_completion_tokens'], 1, MOST_TOKENS);
    if (plan.model === '' || input === undefined || output === undefined) return undefined;
    return uncappedWorstCase(tokenUsage({ input, output }), card);
  },
  readUsage: (answer) => readUsage(answer['usage']),
  estimateUsage: NOTHING_COUNTED,
};

/** A run of an evaluation, whose calls nobody can count before. */
export const EVAL_RUN: EndpointPricing = {
  worstCase: () => undefined,
  readUsage: () => readUsage(undefined),
  estimateUsage: NOTHING_COUNTED,
};

/** A container for code: the fee of a session, by its memory. */
export const CONTAINER: EndpointPricing = {
  worstCase: (plan, card) => uncappedWorstCase(tokenUsage({ units: [session(plan.body)] }), card),
  readUsage: (_answer, plan) => unitUsage(session(plan.body)),
  estimateUsage: (plan) => tokenUsage({ units: [session(plan.body)] }),
};

function session(body: Readonly<Record<string, unknown>>) {
  return { unit: 'container', quantity: 1, variant: textOf(body['memory_limit']) || '1g' } as const;
}
