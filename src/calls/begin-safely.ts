import { diag } from '@opentelemetry/api';
import type { CallPlan } from '../providers/index.ts';
import { afterwards, isPromise, type MaybePromise } from '../util/index.ts';
import { beginCall } from './begin-call.ts';
import type { Call } from './call.ts';
import { safely } from './fail-open.ts';
import { isRefusal } from './failure-billing.ts';
import { isCounted } from './reentrancy-guard.ts';
import type { CallHost } from './services.ts';

/**
 * Begins the call of a request. Undefined where it is not one that is counted, where it is a part of one that is, or where our
 * own code failed: the request then goes on as if we were not there.
 * @param makePlan gives the plan of the request; undefined for one that is not counted
 * @throws the refusals of {@link beginCall}
 */
export function beginSafely(
  host: CallHost,
  makePlan: () => CallPlan | undefined,
  signal?: AbortSignal | null,
): MaybePromise<Call | undefined> {
  if (isCounted()) return undefined;
  try {
    const plan = makePlan();
    if (plan === undefined) return undefined;
    safely('the start of telemetry', () => host.beforeCall());
    const file = plan.body['input_file_id'];
    const ready = typeof file === 'string' ? host.files.ready(file) : undefined;
    const call = afterwards(ready, () => beginCall(host, plan));
    return isPromise(call) ? call.catch((error: unknown) => uncounted(error, signal)) : call;
  } catch (error) {
    return uncounted(error, signal);
  }
}

/** A refusal goes to the caller; any other error is ours. */
function uncounted(error: unknown, signal: AbortSignal | null | undefined): undefined {
  if (isRefusal(error)) throw error;
  // A wait that the caller aborted: the client sees the signal too, and throws its own error.
  if (signal?.aborted === true) return undefined;
  diag.error('otel-token-budget: the start of a call failed; it goes on uncounted', error);
}
