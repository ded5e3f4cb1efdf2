import { diag } from '@opentelemetry/api';

/** Runs code of ours that must never reach the host: what it throws goes to the OpenTelemetry diagnostics. */
export function failOpen<T>(what: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    diag.error(`otel-token-budget: ${what} failed; the call goes on without it`, error);
    return undefined;
  }
}
