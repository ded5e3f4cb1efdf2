import { isRecord } from '../../util/index.ts';
import type { CallPlan, IncludeUsage, OutgoingBody } from '../contract/index.ts';

/**
 * The caller's body, unchanged except for a lowered cap and the request for the usage of a stream.
 * @param clampedTo the lowered output cap, tokens; undefined if the call keeps its own
 */
export function outgoingBody(
  { includeUsage }: { readonly includeUsage: IncludeUsage },
  plan: CallPlan,
  clampedTo: number | undefined,
): OutgoingBody {
  const addsUsageChunk = shouldRequestUsage(includeUsage, plan);
  if (!addsUsageChunk && clampedTo === undefined) return { body: plan.body, addsUsageChunk };
  const options = plan.body['stream_options'];
  return {
    addsUsageChunk,
    body: {
      ...plan.body,
      ...(clampedTo === undefined ? {} : { [plan.capField]: clampedTo }),
      ...(addsUsageChunk
        ? { stream_options: { ...(isRecord(options) ? options : {}), include_usage: true } }
        : {}),
    },
  };
}

function shouldRequestUsage(includeUsage: IncludeUsage, plan: CallPlan): boolean {
  const { kind } = plan.endpoint;
  if (!plan.stream || (kind !== 'chat' && kind !== 'completions') || includeUsage === 'never') return false;
  const options = plan.body['stream_options'];
  if (isRecord(options) && options['include_usage'] === true) return false;
  return includeUsage === 'always' || plan.provider.acceptsIncludeUsage;
}

/** Whether a chunk of a stream carries nothing but usage. */
export function isUsageChunk(chunk: unknown): boolean {
  return (
    isRecord(chunk) &&
    Array.isArray(chunk['choices']) &&
    chunk['choices'].length === 0 &&
    isRecord(chunk['usage'])
  );
}
