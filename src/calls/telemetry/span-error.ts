import { type Span, SpanStatusCode } from '@opentelemetry/api';
import { semconv } from '../../telemetry/names/index.ts';
import { errorType } from '../failure-billing.ts';

/** The answer of a call was never read to its end. */
export class AbandonedError extends Error {
  readonly code = 'token_budget_abandoned';

  constructor(why: string) {
    super(`The answer of the call was not read to its end: ${why}.`);
    this.name = 'AbandonedError';
  }
}

/** Marks a span as failed. The message of an error may hold content, so only ours is told. */
export function setError(span: Span, error: unknown): void {
  const type = errorType(error);
  span.setAttribute(semconv.ATTR_ERROR_TYPE, type);
  const message =
    type.startsWith('token_budget_') && error instanceof Error ? { message: error.message } : {};
  span.setStatus({ code: SpanStatusCode.ERROR, ...message });
}
