import { createRequire } from 'node:module';
import type * as LatestApi from '@opentelemetry/api';
import type { Logger, LoggerProvider } from '@opentelemetry/api';
import type * as LogsApi from '@opentelemetry/api-logs';
import type { Attributes, Context } from 'opentelemetry-api-1.3';

/** Values of `SeverityNumber` in the API of logs. */
export const Severity = { INFO: 9, WARN: 13, ERROR: 17 } as const;

/** An event that may become a log record. */
export interface EventRecord {
  readonly eventName: string;
  readonly severity: keyof typeof Severity;
  readonly context: Context;
}

/** The content of a log record. */
export interface EventContent {
  /** A sentence for people. */
  readonly body: string;
  readonly attributes: Attributes;
}

/** Writes events as log records, to the provider that is registered by then. */
export interface EventLogger {
  /** Whether a record would be written. Without a provider, none is. */
  isEnabled(record: EventRecord): boolean;
  /** Writes a record. */
  emit(record: EventRecord, content: EventContent): void;
}

type LogsOfSomeRelease = Pick<typeof LatestApi.logs, 'getLoggerProvider'>;

const require = createRequire(import.meta.url);

/**
 * Returns a logger that writes to the registered provider of logs: that of API 1.10 and SDK 3, otherwise that of
 * `@opentelemetry/api-logs`, which programs with an earlier SDK have. Each is loaded on first use.
 */
export function eventLogger(scope: string, version: string): EventLogger {
  const latest = loggerOf(() => (require('@opentelemetry/api') as typeof LatestApi).logs, scope, version);
  const earlier = loggerOf(
    () => (require('@opentelemetry/api-logs') as typeof LogsApi).logs as LogsOfSomeRelease,
    scope,
    version,
  );
  const find = (record: EventRecord): Logger | undefined =>
    [latest, earlier].map((logger) => logger()).find((logger) => accepts(logger, record));
  return {
    isEnabled: (record) => find(record) !== undefined,
    emit(record, content) {
      const { severity, ...fields } = record;
      const level = { severityNumber: Severity[severity], severityText: severity };
      find(record)?.emit({ ...fields, ...level, ...content });
    },
  };
}

/** Creates a logger anew only when another provider has been registered. */
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

function accepts(logger: Logger, { eventName, severity, context }: EventRecord): boolean {
  // Not before release 0.204 of `@opentelemetry/api-logs`.
  const { enabled }: Partial<Logger> = logger;
  return enabled?.call(logger, { context, eventName, severityNumber: Severity[severity] }) ?? true;
}
