import type { HrTime, SpanContext } from '../api/index.ts';

/** Attributes as any release of an SDK has them. */
export type SpanAttributes = Readonly<Record<string, unknown>>;

/** What a span processor reads of a span, in any SDK from 1.x to 3.x. */
export interface SdkSpan {
  /** Absent in a span that is not readable. */
  readonly attributes?: SpanAttributes;
  /** Since SDK 2. */
  readonly instrumentationScope?: { readonly name: string };
  /** Until SDK 1. */
  readonly instrumentationLibrary?: { readonly name: string };
  /** Identifies the span. */
  spanContext(): SpanContext;
}

/** A span that has ended. */
export interface EndedSpan extends SdkSpan {
  readonly attributes: SpanAttributes;
  readonly status: { readonly code: number };
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

/** Returns the name of the instrumentation that made a span. */
export function scopeNameOf({ instrumentationScope, instrumentationLibrary }: SdkSpan): string | undefined {
  return (instrumentationScope ?? instrumentationLibrary)?.name;
}
