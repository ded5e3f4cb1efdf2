import { type Context, type Logger, logs, SeverityNumber } from '@opentelemetry/api';
import { SCOPE, semconv } from '../names/index.ts';

/*
 * The events of the conventions for a call that has ended, as log records.
 */

type LogAttributes = NonNullable<Parameters<Logger['emit']>[0]['attributes']>;

/**
 * Writes the details of a call with its content: the opt-in event.
 * @param attributes lists without elements are left out
 */
export function emitInferenceDetails(context: Context, attributes: Readonly<Record<string, unknown>>): void {
  const kept = Object.entries(attributes).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  emitEvent(context, semconv.EVENT_INFERENCE_DETAILS, SeverityNumber.DEBUG, Object.fromEntries(kept));
}

/** Writes that a call failed: the class of the error, not its message, which may quote content. */
export function emitException(context: Context, error: unknown): void {
  const type = error instanceof Error ? error.constructor.name : typeof error;
  emitEvent(context, semconv.EVENT_OPERATION_EXCEPTION, SeverityNumber.WARN, {
    [semconv.ATTR_EXCEPTION_TYPE]: type,
  });
}

function emitEvent(
  context: Context,
  eventName: string,
  severityNumber: SeverityNumber,
  attributes: Readonly<Record<string, unknown>>,
): void {
  logs.getLogger(SCOPE).emit({
    eventName,
    severityNumber,
    severityText: SeverityNumber[severityNumber],
    attributes: attributes as LogAttributes,
    context,
  });
}
