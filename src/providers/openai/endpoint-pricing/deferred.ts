import { readUsage, tokenUsage } from '../../../usage/index.ts';
import { textOf } from '../../../util/index.ts';
import type { Meter } from '../../contract/index.ts';
import { paidWhole, unitReading, wholeNumber } from './billing.ts';

/** More than any model takes or gives, tokens. */
const MOST_TOKENS = 1_000_000_000;

const NOTHING_COUNTED = () => tokenUsage();

/** A batch of requests: as much as the requests of its file may cost, at the price of batches. */
export const BATCH: Meter = {
  worst: (plan, _card, files) => files.worstOf(textOf(plan.body['input_file_id'])),
  read: (answer) => readUsage(answer['usage']),
  counted: NOTHING_COUNTED,
};

/** A run of an assistant: bounded where the request names its model and both of its caps. */
export const RUN: Meter = {
  worst(plan, card) {
    const input = wholeNumber(plan.body['max_prompt_tokens'], 1, MOST_TOKENS);
    const output = wholeNumber(plan.body['max_completion_tokens'], 1, MOST_TOKENS);
    if (plan.model === '' || input === undefined || output === undefined) return undefined;
    return paidWhole(tokenUsage({ input, output }), card);
  },
  read: (answer) => readUsage(answer['usage']),
  counted: NOTHING_COUNTED,
};

/** A run of an evaluation, whose calls nobody can count before. */
export const EVAL_RUN: Meter = {
  worst: () => undefined,
  read: () => readUsage(undefined),
  counted: NOTHING_COUNTED,
};

/** A container for code: the fee of a session, by its memory. */
export const CONTAINER: Meter = {
  worst: (plan, card) => paidWhole(tokenUsage({ units: [session(plan.body)] }), card),
  read: (_answer, plan) => unitReading(session(plan.body)),
  counted: (plan) => tokenUsage({ units: [session(plan.body)] }),
};

function session(body: Readonly<Record<string, unknown>>) {
  return { unit: 'container', quantity: 1, variant: textOf(body['memory_limit']) || '1g' } as const;
}
