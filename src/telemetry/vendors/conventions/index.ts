import { aiSdk } from './ai-sdk.ts';
import type { SpanConvention } from './convention.ts';
import { genAi } from './gen-ai.ts';
import { langfuse } from './langfuse.ts';
import { langSmith } from './langsmith.ts';
import { openInference } from './openinference.ts';
import { traceloop } from './traceloop.ts';

export type { SpanConvention } from './convention.ts';

/**
 * The conventions that are read. Vendors come before OpenTelemetry's own: where a vendor uses both, its own
 * kind of a span says more.
 */
export const CONVENTIONS: readonly SpanConvention[] = [
  aiSdk,
  langSmith,
  langfuse,
  openInference,
  genAi,
  traceloop,
];
