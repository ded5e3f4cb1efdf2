import type { Attributes, Context, Span } from '@opentelemetry/api';
import type { Amounts, CallEvent } from '../budget/index.ts';
import { nanoToUsd, type RateCard } from '../pricing/index.ts';
import type { CallPlan } from '../providers/index.ts';
import { semconv, type UsageSource } from '../telemetry/names/index.ts';
import { type Instruments, recordTokens } from '../telemetry/signals/index.ts';
import { type TokenUsage, tokenUsage } from '../usage/index.ts';
import { errorType } from './failure-billing.ts';
import type { CallReservation } from './reservation.ts';
import { identityAttributes } from './telemetry/index.ts';

/** What a call begins with. */
export interface Begun {
  readonly plan: CallPlan;
  /** The caller's context with the span in it. */
  readonly context: Context;
  readonly span: Span;
  readonly card: RateCard;
  readonly reservation: CallReservation;
  /** By the monotonic clock, milliseconds. */
  readonly startedAt: number;
}

/** What a call comes to. */
export interface CallEnd {
  readonly due: Amounts;
  readonly attributes: Attributes;
  readonly usage?: TokenUsage;
  readonly source?: UsageSource;
  /** As the answer names it. */
  readonly model?: string;
  readonly id?: string;
  readonly error?: unknown;
}

/** What listeners are told of a call that ended. */
export function callEvent(
  { plan, reservation, startedAt }: Begun,
  { due, usage, source, model, id, error }: CallEnd,
): CallEvent {
  return {
    type: 'call',
    budget: reservation.tracker.budget.name,
    reservation: reservation.id,
    operation: plan.endpoint.operation,
    model: plan.model,
    ...(model === undefined ? {} : { responseModel: model }),
    ...(id === undefined ? {} : { responseId: id }),
    stream: plan.stream,
    usage: usage ?? tokenUsage(),
    charged: due,
    attempts: reservation.attempts,
    source: source ?? 'none',
    durationMs: performance.now() - startedAt,
    ...(error === undefined ? {} : { error: errorType(error) }),
  };
}

/**
 * Records the metrics of a call that ended.
 * @param firstChunkSeconds from its start, where it was a stream
 */
export function measureCall(
  instruments: Instruments,
  { plan, reservation, context, startedAt }: Begun,
  end: CallEnd,
  firstChunkSeconds: number | undefined,
): void {
  const { tracker, attempts } = reservation;
  const attributes = identityAttributes(plan);
  if (end.model !== undefined) attributes[semconv.ATTR_RESPONSE_MODEL] = end.model;
  const budget = { ...attributes, [semconv.ATTR_BUDGET_NAME]: tracker.budget.name };
  const { usage, error } = end;
  if (usage !== undefined) {
    recordTokens(instruments, usage, plan.endpoint.hasOutput, attributes, budget, context);
    instruments.callCost.record(nanoToUsd(end.due.costNanoUsd), budget, context);
  }
  const cost = end.due.costNanoUsd + attempts.costNanoUsd;
  if (cost > 0) instruments.cost.add(nanoToUsd(cost), budget);
  if (firstChunkSeconds !== undefined)
    instruments.firstChunk.record(firstChunkSeconds, { ...attributes }, context);
  if (error !== undefined) attributes[semconv.ATTR_ERROR_TYPE] = errorType(error);
  const seconds = (performance.now() - startedAt) / 1_000;
  instruments.duration.record(seconds, attributes, context);
}
