import { diag } from 'opentelemetry-api-1.3';

/**
 * Runs our own code, whose failures must never reach the host: an error goes to OpenTelemetry's diagnostics.
 * @param what the activity, for the diagnostics
 * @returns undefined if it threw
 */
export function failOpen<T>(what: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    diag.error(`otel-token-budget: ${what} failed; the call continues without it`, error);
    return undefined;
  }
}
