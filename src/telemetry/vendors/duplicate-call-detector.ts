import type { HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { semconv } from '../names/index.ts';
import { modelOf, namesModel, responseIdOf, type SpanUsage, usageOfSpan } from './span-usage.ts';

/** What the span of a call tells. */
interface ToldCall {
  readonly span: ReadableSpan;
  /** Undefined where the call was not charged. */
  readonly seen: SpanUsage | undefined;
  readonly responseId: string | undefined;
}

/** A call that was charged, by the span that told of it first; read when a span of another instrumentation is compared with it. */
class ChargedCall implements ToldCall {
  readonly span: ReadableSpan;
  #scopes: Set<string> | undefined;
  #seen: SpanUsage | undefined;

  /** @param seen its usage, where it was read before */
  constructor(span: ReadableSpan, seen?: SpanUsage) {
    this.span = span;
    this.#seen = seen;
  }

  get seen(): SpanUsage | undefined {
    this.#seen ??= usageOfSpan(this.span.attributes);
    return this.#seen;
  }

  get responseId(): string | undefined {
    return responseIdOf(this.span.attributes);
  }

  /** The instrumentations that told of it. */
  get scopes(): Set<string> {
    this.#scopes ??= new Set([this.span.instrumentationScope.name]);
    return this.#scopes;
  }
}

/** How many calls are remembered; the oldest are forgotten first. */
const SIZE = 1_000;

/** How far the clocks of two instrumentations may be apart: one takes whole milliseconds, the other parts of them. */
const CLOCKS_MS = 5;

/**
 * The calls that were charged last. Instrumentations that do not put their span into the context of the call are told by it
 * nonetheless: their spans have the same usage, and the same response, or the same model at the same time.
 */
export class DuplicateCallDetector {
  readonly #calls: ChargedCall[] = [];
  /** The spans of calls that will be charged when they end. */
  readonly open = new Set<ReadableSpan>();

  /** Its span ended; without usage where it was not charged. */
  end(span: ReadableSpan): void {
    this.open.delete(span);
    if (span.attributes[semconv.ATTR_USAGE_INPUT_TOKENS] !== undefined) this.remember(span);
  }

  /** Whether the span may tell of a call that has not ended yet: one of that model that began within it. */
  mayBeOpen(span: ReadableSpan, seen: SpanUsage): boolean {
    for (const open of this.open) {
      if (startsWithin(open, span) && (seen.model === '' || sharesModel(open, span, seen))) return true;
    }
    return false;
  }

  /** Whether the span tells of a call that another instrumentation told of before. One call is taken for one span of each. */
  knows(span: ReadableSpan, seen: SpanUsage): boolean {
    const scope = span.instrumentationScope.name;
    const responseId = responseIdOf(span.attributes);
    const known = this.#calls.findLast(
      (call) => !call.scopes.has(scope) && isSameCall(call, { span, seen, responseId }),
    );
    known?.scopes.add(scope);
    return known !== undefined;
  }

  /** @param seen its usage, where it was read before */
  remember(span: ReadableSpan, seen?: SpanUsage): void {
    this.#calls.push(new ChargedCall(span, seen));
    if (this.#calls.length > SIZE) this.#calls.shift();
  }
}

function isSameCall(a: ToldCall, b: ToldCall & { readonly seen: SpanUsage }): boolean {
  if (a.seen === undefined) return false;
  if (a.seen.usage.input !== b.seen.usage.input || a.seen.usage.output !== b.seen.usage.output) return false;
  if (a.responseId !== undefined && b.responseId !== undefined) return a.responseId === b.responseId;
  const sameModel =
    namesModel(a.span.attributes, b.seen.model) || namesModel(b.span.attributes, a.seen.model);
  return sameModel && (contains(a.span, b.span) || contains(b.span, a.span));
}

/** An answer may name another model than its request, which both spans name. */
function sharesModel(open: ReadableSpan, span: ReadableSpan, seen: SpanUsage): boolean {
  const asked = modelOf(open.attributes);
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
