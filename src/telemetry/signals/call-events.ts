import { VERSION } from '../../util/index.ts';
import { type Context, eventLogger, type Severity } from '../api/index.ts';
import { SCOPE, semconv } from '../names/index.ts';

/*
 * The events of the conventions for a call that has ended, as log records.
 */

/**
 * Writes the details of a call with its content: the opt-in event.
 * @param attributes lists without elements are left out
 */
export function emitInferenceDetails(context: Context, attributes: Readonly<Record<string, unknown>>): void {
  const kept = Object.entries(attributes).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  emitEvent(context, semconv.EVENT_INFERENCE_DETAILS, 'DEBUG', Object.fromEntries(kept));
}

/** Writes that a call failed: the class of the error, not its message, which may quote content. */
export function emitException(context: Context, error: unknown): void {
  const type = error instanceof Error ? error.constructor.name : typeof error;
  emitEvent(context, semconv.EVENT_OPERATION_EXCEPTION, 'WARN', {
    [semconv.ATTR_EXCEPTION_TYPE]: type,
  });
}

const logger = eventLogger(SCOPE, VERSION);

function emitEvent(
  context: Context,
  eventName: string,
  severity: keyof typeof Severity,
  attributes: Readonly<Record<string, unknown>>,
): void {
  logger.emit({ eventName, severity, context }, { attributes });
}
