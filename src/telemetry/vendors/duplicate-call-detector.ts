import type { HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { RecentList } from '../../util/index.ts';
import { namesModel, readModel, readResponseId, readSpanUsage, type SpanUsage } from './span-usage.ts';

/** A call that was charged, by the first span that reported it. */
interface ChargedCall {
  readonly span: ReadableSpan;
  /** Its usage; read from the span when it is first compared. */
  usage?: SpanUsage | undefined;
  /** The instrumentations that reported it. */
  scopes?: Set<string>;
}

/** The most calls remembered at least; the oldest are forgotten first. */
const MAX_CALLS = 1_000;

/**
 * How far the clocks of two instrumentations may be apart: one takes whole milliseconds, the other parts of
 * them.
 */
const CLOCKS_MS = 5;

/**
 * Detects spans of several instrumentations that report the same call although none is the parent of the
 * other: they have the same usage, and the same response id, or the same model at the same time.
 */
export class DuplicateCallDetector {
  /** The spans of our calls that will be charged when they end. */
  readonly openSpans = new Set<ReadableSpan>();
  /** The calls that were charged last. */
  readonly chargedCalls = new RecentList<ChargedCall>(MAX_CALLS);

  /**
   * Whether a span may report a call of ours that has not ended yet: of the same model, started within the
   * span.
   */
  mayBeOpen(span: ReadableSpan, seen: SpanUsage): boolean {
    for (const open of this.openSpans) {
      if (startsWithin(open, span) && (seen.model === '' || sharesModel(open, span, seen))) return true;
    }
    return false;
  }

  /**
   * Whether another instrumentation already reported the call of a span. Each instrumentation reports a call
   * by one span.
   */
  isDuplicate(span: ReadableSpan, seen: SpanUsage): boolean {
    const scope = span.instrumentationScope.name;
    const responseId = readResponseId(span.attributes);
    const known = this.chargedCalls.findLast(
      (call) => !scopesOf(call).has(scope) && isSameCall(call, span, seen, responseId),
    );
    if (known === undefined) return false;
    scopesOf(known).add(scope);
    return true;
  }
}

function scopesOf(call: ChargedCall): Set<string> {
  call.scopes ??= new Set([call.span.instrumentationScope.name]);
  return call.scopes;
}

function isSameCall(
  call: ChargedCall,
  span: ReadableSpan,
  seen: SpanUsage,
  responseId: string | undefined,
): boolean {
  call.usage ??= readSpanUsage(call.span.attributes);
  const known = call.usage;
  if (known === undefined) return false;
  if (known.usage.input !== seen.usage.input || known.usage.output !== seen.usage.output) return false;
  const knownId = readResponseId(call.span.attributes);
  if (knownId !== undefined && responseId !== undefined) return knownId === responseId;
  const sameModel = namesModel(call.span.attributes, seen.model) || namesModel(span.attributes, known.model);
  return sameModel && (contains(call.span, span) || contains(span, call.span));
}

/** A response may name another model than its request, which both spans name. */
function sharesModel(open: ReadableSpan, span: ReadableSpan, seen: SpanUsage): boolean {
  const asked = readModel(open.attributes);
  return asked === seen.model || namesModel(span.attributes, asked) || seen.model.startsWith(asked);
}

function startsWithin(inner: ReadableSpan, outer: ReadableSpan): boolean {
  const start = ms(inner.startTime);
  return ms(outer.startTime) <= start + CLOCKS_MS && start <= ms(outer.endTime) + CLOCKS_MS;
}

function contains(outer: ReadableSpan, inner: ReadableSpan): boolean {
  return (
    ms(outer.startTime) <= ms(inner.startTime) + CLOCKS_MS &&
    ms(inner.endTime) <= ms(outer.endTime) + CLOCKS_MS
  );
}

function ms([seconds, nanos]: HrTime): number {
  return seconds * 1_000 + nanos / 1_000_000;
}
