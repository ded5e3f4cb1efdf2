import type { TokenBudgetTracker } from '../../budget/index.ts';
import type { JobCheckpoint, JobReason } from '../state/index.ts';
import type { StopSwitch } from './stop-switch.ts';

/** Why a job ends with an error of a step. */
export function stopReasonOf(error: unknown, stop: StopSwitch, tracker: TokenBudgetTracker): JobReason {
  if (stop.reason !== undefined) return stop.reason;
  if (codeOf(error) === 'token_budget_exceeded') return isOverTime(error) ? 'deadline' : 'exhausted';
  if (codeOf(error) === 'token_budget_exhausted') return 'exhausted';
  return tracker.isExhausted && isAbort(error) ? 'exhausted' : 'error';
}

/**
 * Whether a step may be tried again after that error: not after a refusal, or when the job is to stop, or the budget could not pay for
 * it, or the service will say the same again.
 */
export function isRetryable(error: unknown, stop: StopSwitch, tracker: TokenBudgetTracker): boolean {
  if (stop.reason !== undefined || tracker.isExhausted || isAbort(error)) return false;
  if (codeOf(error)?.startsWith('token_budget_')) return false;
  const status: unknown = fieldOf(error, 'status');
  const refused = typeof status === 'number' && status >= 400 && status < 500;
  return !refused || status === 408 || status === 409 || status === 429;
}

/** An error as it is kept. */
export function toSavedError(error: unknown): NonNullable<JobCheckpoint['error']> {
  const code = codeOf(error);
  return {
    name: error instanceof Error ? error.name : typeof error,
    message: error instanceof Error ? error.message : String(error),
    ...(code === undefined ? {} : { code }),
  };
}

function isOverTime(error: unknown): boolean {
  const limit = fieldOf(error, 'limit');
  return typeof limit === 'object' && limit !== null && Reflect.get(limit, 'name') === 'minutes';
}

/** Message of the openai SDK's `APIUserAbortError`, which has no code, and no name but its class's. */
const SDK_ABORT_MESSAGE = 'Request was aborted.';

/** Whether an error is the abort of the platform, or of the openai SDK. */
function isAbort(error: unknown): boolean {
  return fieldOf(error, 'name') === 'AbortError' || fieldOf(error, 'message') === SDK_ABORT_MESSAGE;
}

function codeOf(error: unknown): string | undefined {
  const code = fieldOf(error, 'code');
  return typeof code === 'string' ? code : undefined;
}

function fieldOf(error: unknown, field: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, field) : undefined;
}
