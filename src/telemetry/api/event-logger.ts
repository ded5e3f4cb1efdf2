import { createRequire } from 'node:module';
import type * as LatestApi from '@opentelemetry/api';
import type { Logger, LoggerProvider } from '@opentelemetry/api';
import type * as LogsApi from '@opentelemetry/api-logs';
import type { Context } from 'opentelemetry-api-1.3';

/** Values of `SeverityNumber` in the API of logs. */
export const Severity = { DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17 } as const;

/** An event that may become a log record. */
export interface EventRecord {
  readonly eventName: string;
  readonly severity: keyof typeof Severity;
  readonly context: Context;
}

/** The content of a log record. */
export interface EventContent {
  /** A sentence for people. */
  readonly body?: string;
  /** Values of any depth. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Writes events as log records, to the provider that is registered by then. */
export interface EventLogger {
  /** Returns what writes a record; undefined if none would be written, as without a provider. */
  writerOf(record: EventRecord): ((content: EventContent) => void) | undefined;
  /** Writes a record, if one would be written. */
  emit(record: EventRecord, content: EventContent): void;
}

/** `enabled` exists since release 0.204 of `@opentelemetry/api-logs`. */
type EarlyLogger = Pick<Logger, 'emit'> & Partial<Logger>;

type LogAttributes = NonNullable<Parameters<Logger['emit']>[0]['attributes']>;

type LogsOfSomeRelease = Pick<typeof LatestApi.logs, 'getLoggerProvider'>;

const require = createRequire(import.meta.url);

const latestLogs = (): LogsOfSomeRelease => (require('@opentelemetry/api') as typeof LatestApi).logs;
const earlierLogs = (): LogsOfSomeRelease =>
  (require('@opentelemetry/api-logs') as typeof LogsApi).logs as LogsOfSomeRelease;

/** Has the registered providers of logs send what is recorded. */
export async function flushLogs(): Promise<void> {
  for (const logs of [latestLogs(), earlierLogs()]) {
    const provider = logs.getLoggerProvider() as { readonly forceFlush?: () => Promise<unknown> };
    await provider.forceFlush?.();
  }
}

/**
 * Returns a logger that writes to the registered provider of logs: that of API 1.10 and SDK 3, otherwise that of
 * `@opentelemetry/api-logs`, which programs with an earlier SDK have. Each is loaded on first use.
 */
export function eventLogger(scope: string, version: string): EventLogger {
  const latest = loggerOf(latestLogs, scope, version);
  const earlier = loggerOf(earlierLogs, scope, version);
  const writerOf = (record: EventRecord): ((content: EventContent) => void) | undefined => {
    for (const find of [latest, earlier]) {
      const logger = find();
      if (accepts(logger, record)) return (content) => write(logger, record, content);
    }
    return undefined;
  };
  return { writerOf, emit: (record, content) => writerOf(record)?.(content) };
}

function write(
  logger: EarlyLogger,
  { severity, ...record }: EventRecord,
  { body, attributes }: EventContent,
): void {
  // Before it can be asked, it may also not know the names of events.
  const named = logger.enabled === undefined ? { ...attributes, 'event.name': record.eventName } : attributes;
  logger.emit({
    ...record,
    severityNumber: Severity[severity],
    severityText: severity,
    ...(body === undefined ? {} : { body }),
    attributes: named as LogAttributes,
  });
}

/** Returns a function that reuses its logger until another provider is registered. */
function loggerOf(load: () => LogsOfSomeRelease, scope: string, version: string): () => Logger {
  let logs: LogsOfSomeRelease | undefined;
  let provider: LoggerProvider | undefined;
  let logger: Logger | undefined;
  return () => {
    logs ??= load();
    const current = logs.getLoggerProvider();
    if (logger === undefined || current !== provider) logger = current.getLogger(scope, version);
    provider = current;
    return logger;
  };
}

function accepts(logger: EarlyLogger, { eventName, severity, context }: EventRecord): boolean {
  return logger.enabled?.({ context, eventName, severityNumber: Severity[severity] }) ?? true;
}
