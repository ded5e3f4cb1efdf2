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
  const { fields, addsUsageChunk } = outgoingFields({ includeUsage }, plan, clampedTo);
  return { body: fields === undefined ? plan.body : { ...plan.body, ...fields }, addsUsageChunk };
}

/** The fields that are put into the caller's body before it is sent. */
export interface OutgoingFields {
  /** Undefined if the body is sent as it is. */
  readonly fields: Readonly<Record<string, unknown>> | undefined;
  /** Whether they request a usage chunk that the caller did not request. */
  readonly addsUsageChunk: boolean;
}

/** Returns what {@link outgoingBody} puts into the body. */
export function outgoingFields(
  { includeUsage }: { readonly includeUsage: IncludeUsage },
  plan: CallPlan,
  clampedTo: number | undefined,
): OutgoingFields {
  const addsUsageChunk = shouldRequestUsage(includeUsage, plan);
  if (!addsUsageChunk && clampedTo === undefined) return { fields: undefined, addsUsageChunk };
  const options = plan.body['stream_options'];
  return {
    addsUsageChunk,
    fields: {
      ...(clampedTo === undefined ? {} : { [plan.capField]: clampedTo }),
      ...(addsUsageChunk
        ? { stream_options: { ...(isRecord(options) ? options : {}), include_usage: true } }
        : {}),
    },
  };
}

function shouldRequestUsage(includeUsage: IncludeUsage, plan: CallPlan): boolean {
  const { kind } = plan.endpoint;
  if (
    plan.isOpaque === true ||
    !plan.stream ||
    (kind !== 'chat' && kind !== 'completions') ||
    includeUsage === 'never'
  )
    return false;
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
