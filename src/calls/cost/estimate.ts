import type { TokenPlan } from '../../providers/index.ts';
import { countInput, countOutput } from '../../tokens/index.ts';
import { type TokenUsage, tokenUsage, type UnitKind, type UsageReading } from '../../usage/index.ts';
import type { ResponseHistory } from './response-history.ts';

/** Counts the usage of a call from its request and the texts that were generated. */
export function estimateUsage(
  plan: TokenPlan,
  texts: Iterable<string>,
  history: ResponseHistory,
): TokenUsage {
  const { tokens, complete } = countInput(plan.endpoint.kind, plan.body);
  const stored = complete ? 0 : (history.previousTokens(plan.body) ?? 0);
  return tokenUsage({
    input: tokens + stored,
    output: plan.endpoint.hasOutput ? countOutput(texts, plan.model, { kind: plan.endpoint.kind }) : 0,
  });
}

/** The units that a call is answered with. */
const OUTPUT_UNITS: ReadonlySet<UnitKind> = new Set(['picture', 'video_ms', 'container']);

/** Returns the input of a usage. */
export function inputOf(usage: TokenUsage): TokenUsage {
  const { input, cachedInput, cacheWrite, audioInput, imageInput, cachedAudioInput, cachedImageInput } =
    usage;
  const units = (usage.units ?? []).filter(({ unit }) => !OUTPUT_UNITS.has(unit));
  return tokenUsage({
    ...{ input, cachedInput, cacheWrite, audioInput, imageInput, cachedAudioInput, cachedImageInput },
    units,
  });
}

/** The usage of a reading, with the half that is missing or implausible taken from an estimate. */
export function fillMissingUsage(reading: UsageReading, estimate: TokenUsage): TokenUsage {
  const { usage } = reading;
  return {
    ...estimate,
    ...(reading.inputKnown
      ? {
          input: usage.input,
          cachedInput: usage.cachedInput,
          cacheWrite: usage.cacheWrite,
          audioInput: usage.audioInput,
          imageInput: usage.imageInput,
          cachedAudioInput: usage.cachedAudioInput,
          cachedImageInput: usage.cachedImageInput,
        }
      : {}),
    ...(reading.outputKnown
      ? {
          output: usage.output,
          reasoning: usage.reasoning,
          audioOutput: usage.audioOutput,
          imageOutput: usage.imageOutput,
          acceptedPrediction: usage.acceptedPrediction,
          rejectedPrediction: usage.rejectedPrediction,
        }
      : // Reasoning is not in the texts that were counted.
        {
          output: Math.max(usage.output, estimate.output + usage.reasoning),
          reasoning: usage.reasoning,
        }),
  };
}
