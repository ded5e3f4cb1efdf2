import { nanoToUsd } from '../../pricing/index.ts';
import type { CallPlan } from '../../providers/index.ts';
import type { Attributes, Context } from '../../telemetry/api/index.ts';
import { semconv, type UsageSource } from '../../telemetry/names/index.ts';
import {
  type CallInstruments,
  type ConventionInstruments,
  TOKEN_KIND_NAMES,
} from '../../telemetry/signals/index.ts';
import { type TokenUsage, USAGE_KINDS, type UsageReading } from '../../usage/index.ts';
import { errorType } from '../failure-billing.ts';
import type { CallOutcome, StartedCall } from '../outcome.ts';

/*
 * The metrics of a call. Those of the conventions have only what the service reported; those of the budget have what
 * was charged, and where its count comes from.
 */

/** Records a call that has ended. */
export function recordCallMetrics(
  instruments: CallInstruments,
  call: StartedCall,
  outcome: CallOutcome,
): void {
  const { plan, reservation, context, startedAt, firstChunkSeconds, identity } = call;
  const { due, response, charge, source, error, deferredId } = outcome;
  const { conventions } = instruments;
  const attributes = { ...identity };
  if (response?.model !== undefined) attributes[semconv.ATTR_RESPONSE_MODEL] = response.model;
  const withBudget = { ...attributes, [semconv.ATTR_BUDGET_NAME]: reservation.tracker.budget.name };
  if (firstChunkSeconds !== undefined)
    conventions.firstChunk.record(firstChunkSeconds, { ...attributes }, context);
  // By the conventions of OpenAI, for inference.
  if (response?.serviceTier !== undefined && plan.provider.name === 'openai' && kindOf(plan) === 'inference')
    attributes[semconv.ATTR_OPENAI_RESPONSE_SERVICE_TIER] = response.serviceTier;
  if (deferredId === undefined)
    recordReported(conventions, plan, response?.usage, error !== undefined, attributes, context);
  if (charge !== undefined) {
    recordCharged(instruments, charge.usage, source ?? 'response', withBudget);
    instruments.callCost.record(nanoToUsd(due.costNanoUsd), withBudget, context);
  }
  const costNanoUsd = due.costNanoUsd + reservation.failedAttempts.costNanoUsd;
  if (costNanoUsd > 0) instruments.cost.add(nanoToUsd(costNanoUsd), withBudget);
  if (error !== undefined) attributes[semconv.ATTR_ERROR_TYPE] = errorType(error, plan.clientErrors);
  const seconds = (performance.now() - startedAt) / 1_000;
  conventions.duration[kindOf(plan)].record(seconds, attributes, context);
}

/** Records the time from one chunk of a stream to the next. */
export function recordOutputChunk(
  { conventions }: CallInstruments,
  call: StartedCall,
  seconds: number,
): void {
  conventions.outputChunk.record(seconds, call.identity, call.context);
}

function kindOf({ endpoint }: Pick<CallPlan, 'endpoint'>): keyof ConventionInstruments['duration'] {
  if (endpoint.operation === 'embeddings') return 'embeddings';
  return endpoint.operation === 'invoke_agent' ? 'other' : 'inference';
}

/**
 * Records the tokens of a deferred call that was settled.
 * @param withBudget `attributes` with the name of the budget
 */
export function recordTokens(
  instruments: CallInstruments,
  plan: Pick<CallPlan, 'endpoint'>,
  usage: TokenUsage,
  source: UsageSource,
  attributes: Attributes,
  withBudget: Attributes,
): void {
  const isKnown = source === 'response';
  const reading = { usage, inputKnown: isKnown, outputKnown: isKnown };
  recordReported(instruments.conventions, plan, reading, false, attributes);
  recordCharged(instruments, usage, source, withBudget);
}

function recordCharged(
  instruments: CallInstruments,
  usage: TokenUsage,
  source: UsageSource,
  withBudget: Attributes,
): void {
  for (const kind of USAGE_KINDS) {
    if (usage[kind] === 0) continue;
    instruments.kinds.add(usage[kind], {
      ...withBudget,
      [semconv.ATTR_BUDGET_TOKEN_KIND]: TOKEN_KIND_NAMES[kind],
      [semconv.ATTR_BUDGET_USAGE_SOURCE]: source,
    });
  }
}

/**
 * Records the tokens that the service reported: by the conventions, a call of which it reported none counts as 0, and
 * one that failed has no place in a distribution. Tokens that this package counted are not recorded.
 */
function recordReported(
  { tokens, usage: counters }: ConventionInstruments,
  plan: Pick<CallPlan, 'endpoint'>,
  reading: Pick<UsageReading, 'usage' | 'inputKnown' | 'outputKnown'> | undefined,
  hasFailed: boolean,
  attributes: Attributes,
  context?: Context,
): void {
  const { usage } = reading ?? {};
  const input = reading?.inputKnown === true ? usage : undefined;
  const output = reading?.outputKnown === true ? usage : undefined;
  if (kindOf(plan) === 'embeddings') {
    if (input !== undefined && !hasFailed) tokens.embeddings.record(input.input, attributes, context);
    return;
  }
  const isText = plan.endpoint.kind !== 'unit-priced';
  // Pictures, seconds and characters are not tokens.
  if (!isText && (input?.input ?? 0) + (output?.output ?? 0) === 0) return;
  if (!hasFailed) {
    if (input !== undefined) tokens.input.record(input.input, attributes, context);
    if (output !== undefined) tokens.output.record(output.output, attributes, context);
  }
  const add = (counter: keyof typeof counters, parts: readonly Modality[]): void => {
    for (const [modality, count] of parts)
      counters[counter].add(count, { ...attributes, [semconv.ATTR_TOKEN_MODALITY]: modality }, context);
  };
  add('input', input === undefined ? NONE : modalities(input.input, input.audioInput, input.imageInput));
  add(
    'output',
    output === undefined
      ? NONE
      : modalities(output.output, output.audioOutput, output.imageOutput, isText ? 'text' : 'unknown'),
  );
  if (input !== undefined && input.cachedInput > 0)
    add('cacheRead', modalities(input.cachedInput, input.cachedAudioInput, input.cachedImageInput));
  if (input !== undefined && input.cacheWrite > 0) add('cacheWrite', [['unknown', input.cacheWrite]]);
  if (output !== undefined && output.reasoning > 0) add('reasoning', [['text', output.reasoning]]);
}

type Modality = readonly [modality: 'text' | 'audio' | 'image' | 'unknown', count: number];

const NONE: readonly Modality[] = [['unknown', 0]];

/** @param otherwise the modality of a total that the service does not split */
function modalities(
  total: number,
  audio: number,
  image: number,
  otherwise: 'text' | 'unknown' = 'unknown',
): Modality[] {
  if (audio === 0 && image === 0) return [[otherwise, total]];
  const parts: Modality[] = [
    ['text', Math.max(0, total - audio - image)],
    ['audio', audio],
    ['image', image],
  ];
  return parts.filter(([, count]) => count > 0);
}
