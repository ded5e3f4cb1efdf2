import type { TokenBudgetTracker } from '../../budget/index.ts';
import { errorMessage } from '../../util/index.ts';
import type { JobReason, SavedError } from '../state/index.ts';
import type { StopSwitch } from './stop-switch.ts';

/** Returns why a job ends that the error of a step stopped. */
export function stopReasonOf(error: unknown, stop: StopSwitch, tracker: TokenBudgetTracker): JobReason {
  if (stop.reason !== undefined) return stop.reason;
  if (codeOf(error) === 'token_budget_exceeded') return exceedsMinutes(error) ? 'deadline' : 'exhausted';
  if (codeOf(error) === 'token_budget_exhausted') return 'exhausted';
  return tracker.isExhausted && isAbort(error) ? 'exhausted' : 'error';
}

/**
 * Whether a step may be retried after an error: not after a denial, when the job has to stop, when its budget
 * is exhausted, or when the service will answer the same again.
 */
export function isRetryable(error: unknown, stop: StopSwitch, tracker: TokenBudgetTracker): boolean {
  if (stop.reason !== undefined || tracker.isExhausted || isAbort(error)) return false;
  if (codeOf(error)?.startsWith('token_budget_')) return false;
  const status: unknown = fieldOf(error, 'status');
  const isClientError = typeof status === 'number' && status >= 400 && status < 500;
  return !isClientError || status === 408 || status === 409 || status === 429;
}

/** Returns an error as a checkpoint saves it. */
export function toSavedError(error: unknown): SavedError {
  const code = codeOf(error);
  return {
    name: error instanceof Error ? error.name : typeof error,
    message: errorMessage(error),
    ...(code === undefined ? {} : { code }),
  };
}

function exceedsMinutes(error: unknown): boolean {
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
