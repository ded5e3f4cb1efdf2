/** The name of the instrumentation scope of our spans and metrics. */
export const SCOPE = 'otel-token-budget';
