import { RecentList } from '../../util/index.ts';
import type { HrTime } from '../api/index.ts';
import { type EndedSpan, scopeNameOf } from './sdk-span.ts';
import { namesModel, readModel, readResponseId, readSpanUsage, type SpanUsage } from './span-usage.ts';

/** A charged call, with the first span that reported it. */
interface ChargedCall {
  readonly span: EndedSpan;
  /** Read from the span when it is first compared. */
  usage?: SpanUsage | undefined;
  /** The instrumentations that reported it. */
  scopes?: Set<string>;
}

/** Minimum number of remembered calls; the oldest are dropped first. */
const REMEMBERED_CALLS = 1_000;

/** Tolerance between the clocks of two instrumentations, some of which record whole milliseconds only. */
const CLOCK_TOLERANCE_MS = 5;

/**
 * Detects spans of different instrumentations that report the same call although none is an ancestor of the
 * other: they have the same usage and either the same response id, or the same model at the same time.
 */
export class DuplicateCallDetector {
  /** Open spans of our calls, charged when they end. */
  readonly openSpans = new Set<EndedSpan>();
  /** The most recently charged calls. */
  readonly chargedCalls = new RecentList<ChargedCall>(REMEMBERED_CALLS);

  /** Returns whether a span may report one of our open calls: same model, started during the span. */
  mayBeOpen(span: EndedSpan, reported: SpanUsage): boolean {
    for (const open of this.openSpans) {
      if (startsWithin(open, span) && (reported.model === '' || sharesModel(open, span, reported)))
        return true;
    }
    return false;
  }

  /**
   * Returns whether another instrumentation already reported the call of a span. Each instrumentation reports
   * a call with one span.
   */
  isDuplicate(span: EndedSpan, reported: SpanUsage): boolean {
    const scope = scopeNameOf(span) ?? '';
    const responseId = readResponseId(span.attributes);
    const known = this.chargedCalls.findLast(
      (call) => !scopesOf(call).has(scope) && isSameCall(call, span, reported, responseId),
    );
    if (known === undefined) return false;
    scopesOf(known).add(scope);
    return true;
  }
}

function scopesOf(call: ChargedCall): Set<string> {
  call.scopes ??= new Set([scopeNameOf(call.span) ?? '']);
  return call.scopes;
}

function isSameCall(
  call: ChargedCall,
  span: EndedSpan,
  reported: SpanUsage,
  responseId: string | undefined,
): boolean {
  call.usage ??= readSpanUsage(call.span.attributes);
  const known = call.usage;
  if (known === undefined) return false;
  if (known.usage.input !== reported.usage.input || known.usage.output !== reported.usage.output)
    return false;
  const knownId = readResponseId(call.span.attributes);
  if (knownId !== undefined && responseId !== undefined) return knownId === responseId;
  const sameModel =
    namesModel(call.span.attributes, reported.model) || namesModel(span.attributes, known.model);
  return sameModel && (contains(call.span, span) || contains(span, call.span));
}

/** The response may name a different model than the request, but both spans name the requested one. */
function sharesModel(open: EndedSpan, span: EndedSpan, reported: SpanUsage): boolean {
  const requested = readModel(open.attributes);
  return (
    requested === reported.model ||
    namesModel(span.attributes, requested) ||
    reported.model.startsWith(requested)
  );
}

function startsWithin(inner: EndedSpan, outer: EndedSpan): boolean {
  const start = toMs(inner.startTime);
  return (
    toMs(outer.startTime) <= start + CLOCK_TOLERANCE_MS && start <= toMs(outer.endTime) + CLOCK_TOLERANCE_MS
  );
}

function contains(outer: EndedSpan, inner: EndedSpan): boolean {
  return (
    toMs(outer.startTime) <= toMs(inner.startTime) + CLOCK_TOLERANCE_MS &&
    toMs(inner.endTime) <= toMs(outer.endTime) + CLOCK_TOLERANCE_MS
  );
}

function toMs([seconds, nanos]: HrTime): number {
  return seconds * 1_000 + nanos / 1_000_000;
}
