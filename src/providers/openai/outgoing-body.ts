import { isRecord } from '../../util/index.ts';
import type { CallPlan } from '../contract/index.ts';

/** The body that goes out, and whether it asks for a usage chunk that the caller did not ask for. */
export interface SentBody {
  readonly body: Readonly<Record<string, unknown>>;
  readonly asksUsage: boolean;
}

/**
 * The caller's body, untouched but for a cap that admission lowered and the request for usage of a stream.
 * @param clampedTo the cap that admission lowered the call to, tokens; undefined where it did not
 */
export function sentBody(
  { includeUsage }: { readonly includeUsage: 'auto' | 'always' | 'never' },
  plan: CallPlan,
  clampedTo: number | undefined,
): SentBody {
  const asksUsage = shouldAskUsage(includeUsage, plan);
  if (!asksUsage && clampedTo === undefined) return { body: plan.body, asksUsage };
  const options = plan.body['stream_options'];
  return {
    asksUsage,
    body: {
      ...plan.body,
      ...(clampedTo === undefined ? {} : { [plan.capField]: clampedTo }),
      ...(asksUsage
        ? { stream_options: { ...(isRecord(options) ? options : {}), include_usage: true } }
        : {}),
    },
  };
}

function shouldAskUsage(includeUsage: 'auto' | 'always' | 'never', plan: CallPlan): boolean {
  const { kind } = plan.endpoint;
  if (!plan.stream || (kind !== 'chat' && kind !== 'completions') || includeUsage === 'never') return false;
  const options = plan.body['stream_options'];
  if (isRecord(options) && options['include_usage'] === true) return false;
  return includeUsage === 'always' || plan.provider.takesIncludeUsage;
}

/** Whether a chunk is the one that only carries usage. */
export function isUsageChunk(chunk: unknown): boolean {
  return (
    isRecord(chunk) &&
    Array.isArray(chunk['choices']) &&
    chunk['choices'].length === 0 &&
    isRecord(chunk['usage'])
  );
}
