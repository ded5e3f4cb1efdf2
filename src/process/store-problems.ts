import type { FailurePolicy } from '../budget/index.ts';

/** The line that ends an outage of the store. */
export const ENFORCED_AGAIN = 'the store is available again, and limits are enforced';

const MEANWHILE: Readonly<Record<FailurePolicy, string>> = {
  open: 'calls are sent, and no limit is enforced until it is available again',
  closed: 'calls that need it are denied, after a wait, until it is available again',
};

/** Returns the line that begins an outage of the store. */
export function describeUnavailable(reason: string, failurePolicy: FailurePolicy): string {
  return `the store is unavailable (${reason}): ${MEANWHILE[failurePolicy]}`;
}
