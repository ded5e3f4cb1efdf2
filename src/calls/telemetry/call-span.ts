import { type Attributes, type Context, type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { NOTHING, type RemainingAmounts, type TokenBudgetTracker } from '../../budget/index.ts';
import { nanoToUsd } from '../../pricing/index.ts';
import type { CallPlan } from '../../providers/index.ts';
import { semconv, usageAttributes } from '../../telemetry/names/index.ts';
import { totalTokens } from '../../usage/index.ts';
import { errorType } from '../failure-billing.ts';
import type { CallOutcome, StartedCall } from '../outcome.ts';
import type { CallServices } from '../services.ts';
import { requestAttributes, responseAttributes } from './call-attributes.ts';
import { inputContent, outputContent } from './content.ts';

/** Starts the span of a call, `chat gpt-5.2`, with the attributes that a sampler may decide by. */
export function startCallSpan(
  { tracer, captureContent }: CallServices,
  plan: CallPlan,
  tracker: TokenBudgetTracker,
  parent: Context,
): Span {
  const { operation } = plan.endpoint;
  const attributes = requestAttributes(plan);
  attributes[semconv.ATTR_BUDGET_NAME] = tracker.budget.name;
  attributes[semconv.ATTR_BUDGET_MODE] = tracker.budget.mode;
  const name = plan.model === '' ? operation : `${operation} ${plan.model}`;
  const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
  if (captureContent) span.setAttributes(inputContent(plan));
  return span;
}

/** Sets the decision of the admission, and what was reserved. */
export function setAdmission(span: Span, { plan, reservation }: StartedCall): void {
  const { tracker, clampedTo } = reservation;
  const attributes: Attributes = {
    [semconv.ATTR_BUDGET_DECISION]: clampedTo === undefined ? 'admit' : 'clamp',
  };
  if (tracker.strict) {
    attributes[semconv.ATTR_BUDGET_RESERVED_COST] = nanoToUsd(reservation.amounts.costNanoUsd);
    attributes[semconv.ATTR_BUDGET_RESERVED_TOKENS] = totalTokens(reservation.usage);
  }
  if (clampedTo !== undefined) {
    attributes[semconv.ATTR_BUDGET_CAP_SENT] = clampedTo;
    if (plan.askedCap !== undefined) attributes[semconv.ATTR_BUDGET_CAP_ASKED] = plan.askedCap;
  }
  span.setAttributes(attributes);
}

/** Ends the span of a call that was denied. */
export function endDeniedSpan(span: Span, error: unknown): void {
  span.setAttribute(semconv.ATTR_BUDGET_DECISION, 'deny');
  setSpanError(span, error);
  span.end();
}

/** Captures the content of a complete response, or the texts of a stream. */
export function captureOutput(span: Span, response: unknown, texts: Iterable<string>): void {
  span.setAttributes(outputContent(response, texts));
}

/** Ends the span of a call with its usage and cost; the span processor then settles the call. */
export function endCallSpan(call: StartedCall, outcome: CallOutcome): void {
  const { span, plan, reservation, firstChunkSeconds } = call;
  const { response, charge, source, error, deferredId } = outcome;
  const attributes = response === undefined ? {} : responseAttributes(response);
  if (charge !== undefined) {
    const cost = { costNanoUsd: charge.amounts.costNanoUsd, source: charge.priceSource };
    Object.assign(
      attributes,
      usageAttributes(charge.usage, plan.endpoint.hasOutput, source ?? 'response', cost),
    );
  }
  if (deferredId !== undefined) attributes[semconv.ATTR_BUDGET_WORK_ID] = deferredId;
  if (firstChunkSeconds !== undefined)
    attributes[semconv.ATTR_RESPONSE_TIME_TO_FIRST_CHUNK] = firstChunkSeconds;
  if (reservation.failedAttempts !== NOTHING)
    attributes[semconv.ATTR_BUDGET_ATTEMPTS_COST] = nanoToUsd(reservation.failedAttempts.costNanoUsd);
  span.setAttributes(attributes);
  if (error !== undefined) setSpanError(span, error);
  span.end();
}

/** Sets what is left of the budget once the call is settled. */
export function setRemaining(span: Span, { costUsd, tokens, calls }: RemainingAmounts): void {
  if (costUsd !== undefined) span.setAttribute(semconv.ATTR_BUDGET_LEFT_COST, costUsd);
  if (tokens !== undefined) span.setAttribute(semconv.ATTR_BUDGET_LEFT_TOKENS, tokens);
  if (calls !== undefined) span.setAttribute(semconv.ATTR_BUDGET_LEFT_CALLS, calls);
}

/** Marks a span as failed. The message of an error may hold content, so only that of our own errors is set. */
export function setSpanError(span: Span, error: unknown): void {
  const type = errorType(error);
  span.setAttribute(semconv.ATTR_ERROR_TYPE, type);
  const isOurs = type.startsWith('token_budget_') && error instanceof Error;
  span.setStatus({ code: SpanStatusCode.ERROR, ...(isOurs ? { message: error.message } : {}) });
}
