import { aiSdk } from './ai-sdk.ts';
import type { SpanConvention } from './convention.ts';
import { genAi } from './gen-ai.ts';
import { langfuse } from './langfuse.ts';
import { langSmith } from './langsmith.ts';
import { openInference } from './openinference.ts';
import { traceloop } from './traceloop.ts';

export type { SpanConvention } from './convention.ts';

/**
 * The supported conventions. Vendors come before OpenTelemetry: if a vendor uses both, its own span kind is
 * more specific.
 */
export const CONVENTIONS: readonly SpanConvention[] = [
  aiSdk,
  langSmith,
  langfuse,
  openInference,
  genAi,
  traceloop,
];
