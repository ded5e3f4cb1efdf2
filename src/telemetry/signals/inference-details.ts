import { type Context, type Logger, logs, SeverityNumber } from '@opentelemetry/api';
import { SCOPE, semconv } from '../names/index.ts';

type LogAttributes = NonNullable<Parameters<Logger['emit']>[0]['attributes']>;

/**
 * Writes the details of a call with its content as a log record: the opt-in event of the conventions.
 * @param attributes lists without elements are left out
 */
export function emitInferenceDetails(context: Context, attributes: Readonly<Record<string, unknown>>): void {
  const kept = Object.entries(attributes).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  logs.getLogger(SCOPE).emit({
    eventName: semconv.EVENT_INFERENCE_DETAILS,
    severityNumber: SeverityNumber.DEBUG,
    severityText: SeverityNumber[SeverityNumber.DEBUG],
    attributes: Object.fromEntries(kept) as LogAttributes,
    context,
  });
}
