import { NOTHING, type RemainingAmounts, type TokenBudgetTracker } from '../../budget/index.ts';
import { nanoToUsd } from '../../pricing/index.ts';
import type { CallPlan, ClientErrors, ParsedResponse } from '../../providers/index.ts';
import {
  type Attributes,
  type Context,
  failOpen,
  type Span,
  SpanKind,
  SpanStatusCode,
} from '../../telemetry/api/index.ts';
import { semconv, usageAttributes } from '../../telemetry/names/index.ts';
import { type CallInstruments, emitException, emitInferenceDetails } from '../../telemetry/signals/index.ts';
import { tokenUsage } from '../../usage/index.ts';
import { inputContent, type Message, outputMessages } from '../content/index.ts';
import { errorType } from '../failure-billing.ts';
import type { CallOutcome, StartedCall } from '../outcome.ts';
import type { CallServices } from '../services.ts';
import { recordCallMetrics } from './call-metrics.ts';
import { inputAttributes, outputAttributes } from './content-attributes.ts';
import { requestAttributes } from './request-attributes.ts';

/*
 * Reports a call as a span, metrics and an event: at its start, its admission or denial, and its end.
 */

/**
 * Starts the span of a call, `chat gpt-5.2`, with the attributes that a sampler may decide by.
 * @returns the span, and the attributes that its metrics share
 */
export function startCallSpan(
  { telemetry, captureContent }: CallServices,
  plan: CallPlan,
  tracker: TokenBudgetTracker,
  parent: Context,
): { readonly span: Span; readonly identity: Attributes } {
  const { operation } = plan.endpoint;
  const { identity, attributes } = requestAttributes(plan);
  attributes[semconv.ATTR_BUDGET_NAME] = tracker.budget.name;
  attributes[semconv.ATTR_BUDGET_MODE] = tracker.budget.mode;
  const name = plan.model === '' ? operation : `${operation} ${plan.model}`;
  const span = telemetry.tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
  if (captureContent) failOpen('capturing a request', () => span.setAttributes(inputAttributes(plan)));
  return { span, identity };
}

/** Reports that a call was admitted, perhaps with a lowered cap, and what is reserved for it. */
export function reportAdmission(
  instruments: CallInstruments,
  { plan, span, reservation }: StartedCall,
): void {
  const { tracker, clampedTo } = reservation;
  const { requestedCap } = plan;
  const decision = clampedTo === undefined ? 'admit' : 'clamp';
  const attributes: Attributes = { [semconv.ATTR_BUDGET_DECISION]: decision };
  if (tracker.strict) {
    attributes[semconv.ATTR_BUDGET_RESERVED_COST] = nanoToUsd(reservation.amounts.costNanoUsd);
    attributes[semconv.ATTR_BUDGET_RESERVED_TOKENS] = reservation.maxTokens;
  }
  if (clampedTo !== undefined) {
    attributes[semconv.ATTR_BUDGET_CAP_SENT] = clampedTo;
    if (requestedCap !== undefined) attributes[semconv.ATTR_BUDGET_CAP_ASKED] = requestedCap;
  }
  span.setAttributes(attributes);
  countDecision(instruments, plan, tracker, decision);
  if (clampedTo === undefined) return;
  const asked = requestedCap === undefined ? {} : { asked: requestedCap };
  tracker.emit({ type: 'clamped', budget: tracker.budget.name, sent: clampedTo, ...asked });
}

/** Reports that a call was denied, and ends its span. */
export function reportDenial(
  instruments: CallInstruments,
  plan: CallPlan,
  tracker: TokenBudgetTracker,
  span: Span,
  error: unknown,
): void {
  span.setAttribute(semconv.ATTR_BUDGET_DECISION, 'deny');
  setSpanError(span, error);
  span.end();
  countDecision(instruments, plan, tracker, 'deny');
}

function countDecision(
  instruments: CallInstruments,
  { model }: CallPlan,
  tracker: TokenBudgetTracker,
  decision: 'admit' | 'clamp' | 'deny',
): void {
  const attributes: Attributes = {
    [semconv.ATTR_BUDGET_NAME]: tracker.budget.name,
    [semconv.ATTR_BUDGET_DECISION]: decision,
  };
  if (model !== '') attributes[semconv.ATTR_REQUEST_MODEL] = model;
  instruments.calls.add(1, attributes);
}

/** Captures the content of a response, or of a stream that was put together, and returns its messages. */
export function captureOutput(
  { captureContent }: CallServices,
  span: Span,
  response: unknown,
  { finishReasons }: ParsedResponse,
): readonly Message[] {
  const captured = failOpen('capturing a response', () => {
    const messages = outputMessages(response, finishReasons);
    if (captureContent) span.setAttributes(outputAttributes(messages));
    return messages;
  });
  return captured ?? [];
}

/** Reports the end of a call. Ending the span settles the call, by the span processor. */
export function reportEnd(
  { telemetry: { instruments }, contentEvents }: CallServices,
  call: StartedCall,
  outcome: CallOutcome,
): void {
  // Before the charge: a job's record has the call even if the process dies in between.
  failOpen('reporting a call', () => emitCall(call, outcome));
  failOpen('measuring a call', () => recordCallMetrics(instruments, call, outcome));
  if (outcome.error !== undefined)
    failOpen('reporting an error', () => emitException(call.context, outcome.error));
  if (contentEvents) failOpen('reporting the content of a call', () => emitDetails(call, outcome));
  failOpen('ending the span of a call', () => endCallSpan(call, outcome));
}

function emitCall(call: StartedCall, { due, response, charge, source, error }: CallOutcome): void {
  const { plan, reservation, startedAt } = call;
  const { tracker } = reservation;
  tracker.emit({
    type: 'call',
    origin: 'call',
    budget: tracker.budget.name,
    reservation: reservation.id,
    operation: plan.endpoint.operation,
    model: plan.model,
    ...(response?.model === undefined ? {} : { responseModel: response.model }),
    ...(response?.id === undefined || charge === undefined ? {} : { responseId: response.id }),
    stream: plan.stream,
    usage: charge?.usage ?? tokenUsage(),
    charged: due,
    attempts: reservation.failedAttempts,
    source: source ?? 'none',
    durationMs: performance.now() - startedAt,
    ...(error === undefined ? {} : { error: errorType(error, plan.clientErrors) }),
  });
}

/** The details of a call with its content, by the conventions only for inference. */
function emitDetails(call: StartedCall, outcome: CallOutcome): void {
  const { plan, output, context } = call;
  if (!plan.endpoint.hasOutput) return;
  const { error } = outcome;
  const { messages, instructions, tools } = inputContent(plan);
  emitInferenceDetails(context, {
    ...requestAttributes(plan).attributes,
    ...endAttributes(call, outcome),
    ...(error === undefined ? {} : { [semconv.ATTR_ERROR_TYPE]: errorType(error, plan.clientErrors) }),
    [semconv.ATTR_BUDGET_NAME]: call.reservation.tracker.budget.name,
    [semconv.ATTR_INPUT_MESSAGES]: messages,
    [semconv.ATTR_SYSTEM_INSTRUCTIONS]: instructions,
    [semconv.ATTR_TOOL_DEFINITIONS]: tools,
    [semconv.ATTR_OUTPUT_MESSAGES]: output,
  });
}

function endCallSpan(call: StartedCall, outcome: CallOutcome): void {
  const { span, plan } = call;
  const { error } = outcome;
  span.setAttributes(endAttributes(call, outcome));
  if (error !== undefined) setSpanError(span, error, plan.clientErrors);
  span.end();
}

/** The attributes that are known at the end of a call: of its response, its usage and its cost. */
function endAttributes(call: StartedCall, outcome: CallOutcome): Attributes {
  const { plan, reservation, firstChunkSeconds } = call;
  const { response, charge, source, deferredId } = outcome;
  const { failedAttempts } = reservation;
  const attributes = response === undefined ? {} : responseAttributes(response);
  if (charge !== undefined) {
    const cost = { costNanoUsd: charge.amounts.costNanoUsd, source: charge.card.source };
    const usage = usageAttributes(charge.usage, plan.endpoint.hasOutput, source ?? 'response', cost);
    Object.assign(attributes, usage);
  }
  if (deferredId !== undefined) attributes[semconv.ATTR_BUDGET_WORK_ID] = deferredId;
  if (firstChunkSeconds !== undefined)
    attributes[semconv.ATTR_RESPONSE_TIME_TO_FIRST_CHUNK] = firstChunkSeconds;
  if (failedAttempts !== NOTHING)
    attributes[semconv.ATTR_BUDGET_ATTEMPTS_COST] = nanoToUsd(failedAttempts.costNanoUsd);
  return attributes;
}

/** The attributes of a response, without its usage and cost. */
export function responseAttributes(response: ParsedResponse): Attributes {
  const { id, model, serviceTier, systemFingerprint, conversationId, finishReasons } = response;
  const attributes: Attributes = {};
  if (id !== undefined) attributes[semconv.ATTR_RESPONSE_ID] = id;
  if (model !== undefined) attributes[semconv.ATTR_RESPONSE_MODEL] = model;
  if (serviceTier !== undefined) attributes[semconv.ATTR_OPENAI_RESPONSE_SERVICE_TIER] = serviceTier;
  if (systemFingerprint !== undefined)
    attributes[semconv.ATTR_OPENAI_RESPONSE_SYSTEM_FINGERPRINT] = systemFingerprint;
  if (conversationId !== undefined) attributes[semconv.ATTR_CONVERSATION_ID] = conversationId;
  if (finishReasons.length > 0) attributes[semconv.ATTR_RESPONSE_FINISH_REASONS] = [...finishReasons];
  return attributes;
}

/** Sets what is left of the budget once the call is settled, while its span can still be written. */
export function setRemaining(span: Span, { costUsd, tokens, calls }: RemainingAmounts): void {
  if (costUsd !== undefined) span.setAttribute(semconv.ATTR_BUDGET_LEFT_COST, costUsd);
  if (tokens !== undefined) span.setAttribute(semconv.ATTR_BUDGET_LEFT_TOKENS, tokens);
  if (calls !== undefined) span.setAttribute(semconv.ATTR_BUDGET_LEFT_CALLS, calls);
}

/**
 * Marks a span as failed. The message of an error may hold content, so only that of our own errors is set.
 */
function setSpanError(span: Span, error: unknown, clientErrors?: ClientErrors): void {
  const type = errorType(error, clientErrors);
  span.setAttribute(semconv.ATTR_ERROR_TYPE, type);
  const isOurs = type.startsWith('token_budget_') && error instanceof Error;
  span.setStatus({ code: SpanStatusCode.ERROR, ...(isOurs ? { message: error.message } : {}) });
}
