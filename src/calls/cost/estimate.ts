import type { TokenPlan } from '../../providers/index.ts';
import { countInput, countOutput } from '../../tokens/index.ts';
import { type TokenUsage, tokenUsage, type UsageReading } from '../../usage/index.ts';
import type { ResponseHistory } from './response-history.ts';

/** A usage counted here, from the request and the texts that were generated. */
export function estimateUsage(plan: TokenPlan, texts: Iterable<string>, memory: ResponseHistory): TokenUsage {
  const { tokens, complete } = countInput(plan.endpoint.kind, plan.body);
  const unseen = complete ? 0 : (memory.previousTokens(plan.body) ?? 0);
  return tokenUsage({
    input: tokens + unseen,
    output: plan.endpoint.hasOutput ? countOutput(texts, plan.model, { kind: plan.endpoint.kind }) : 0,
  });
}

/** A reading with the halves that cannot be believed taken from a count made here. */
export function fillMissingUsage(reading: UsageReading, counted: TokenUsage): TokenUsage {
  const { usage } = reading;
  return {
    ...counted,
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
      : {}),
  };
}
