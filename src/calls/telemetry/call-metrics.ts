import type { TokenBudgetTracker } from '../../budget/index.ts';
import { nanoToUsd } from '../../pricing/index.ts';
import type { CallPlan } from '../../providers/index.ts';
import { semconv } from '../../telemetry/names/index.ts';
import { type Instruments, recordTokens } from '../../telemetry/signals/index.ts';
import { errorType } from '../failure-billing.ts';
import type { CallOutcome, StartedCall } from '../outcome.ts';
import { identityAttributes } from './call-attributes.ts';

/** Counts a call by the decision of its admission. */
export function countDecision(
  instruments: Instruments,
  { model }: CallPlan,
  tracker: TokenBudgetTracker,
  decision: 'admit' | 'clamp' | 'deny',
): void {
  instruments.calls.add(1, {
    [semconv.ATTR_BUDGET_NAME]: tracker.budget.name,
    [semconv.ATTR_BUDGET_DECISION]: decision,
    ...(model === '' ? {} : { [semconv.ATTR_REQUEST_MODEL]: model }),
  });
}

/** Records the metrics of a call that ended. */
export function recordCallMetrics(instruments: Instruments, call: StartedCall, outcome: CallOutcome): void {
  const { plan, reservation, context, startedAt, firstChunkSeconds } = call;
  const { due, response, charge, error } = outcome;
  const attributes = identityAttributes(plan);
  if (response?.model !== undefined) attributes[semconv.ATTR_RESPONSE_MODEL] = response.model;
  const withBudget = { ...attributes, [semconv.ATTR_BUDGET_NAME]: reservation.tracker.budget.name };
  if (charge !== undefined) {
    recordTokens(instruments, charge.usage, plan.endpoint.hasOutput, attributes, withBudget, context);
    instruments.callCost.record(nanoToUsd(due.costNanoUsd), withBudget, context);
  }
  const costNanoUsd = due.costNanoUsd + reservation.failedAttempts.costNanoUsd;
  if (costNanoUsd > 0) instruments.cost.add(nanoToUsd(costNanoUsd), withBudget);
  if (firstChunkSeconds !== undefined)
    instruments.firstChunk.record(firstChunkSeconds, { ...attributes }, context);
  if (error !== undefined) attributes[semconv.ATTR_ERROR_TYPE] = errorType(error);
  instruments.duration.record((performance.now() - startedAt) / 1_000, attributes, context);
}
