/** Name of the instrumentation scope of our spans, metrics and log records. */
export const SCOPE = 'otel-token-budget';
