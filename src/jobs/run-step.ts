import { setTimeout as sleep } from 'node:timers/promises';
import { getBudgetStatusMessage, type TokenBudgetTracker } from '../budget/index.ts';
import { withBudget } from '../telemetry/context/index.ts';
import { semconv } from '../telemetry/names/index.ts';
import { backoffMs } from '../util/index.ts';
import { isRetryable, type StopSwitch } from './control/index.ts';
import type { JobContext, Step, StepContext } from './definition.ts';
import type { JobState } from './job-state.ts';
import { runInSpan } from './result/index.ts';

/** What the steps of a run share. */
export interface RunContext {
  readonly context: JobContext;
  readonly state: JobState;
  readonly stop: StopSwitch;
  /** The budget of the job. */
  readonly tracker: TokenBudgetTracker;
  /** The number of the run, from 1. */
  readonly run: number;
  /** How long a running step has to end after the job was stopped, milliseconds. */
  readonly graceMs: number;
}

const DEFAULT_RETRY_DELAY_MS = 500;
const MAX_RETRY_DELAY_MS = 60_000;

/**
 * Runs a step, with its retries, and saves its output.
 * @returns the output as it was saved
 * @throws the error of the last attempt, or the reason why the job has to stop
 */
export async function runStep(step: Step, run: RunContext): Promise<unknown> {
  const { state, stop } = run;
  const tracker = run.tracker.within(step.name, step.budget);
  const { retries = 0, retryDelayMs = DEFAULT_RETRY_DELAY_MS } = step;
  await state.beginStep(step.name, step.once === true);
  const startedAt = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      const output = await runAttempt(step, run, tracker, attempt);
      const durationMs = Math.round(performance.now() - startedAt);
      return await state.completeStep(step.name, output, { attempts: attempt, durationMs });
    } catch (error) {
      if (attempt > retries || !isRetryable(error, stop, tracker)) throw error;
      const delayMs = backoffMs(attempt - 1, { firstMs: retryDelayMs, maxMs: MAX_RETRY_DELAY_MS, jitter: 0 });
      await waitBeforeRetry(delayMs, stop);
    }
  }
}

function runAttempt(
  step: Step,
  run: RunContext,
  tracker: TokenBudgetTracker,
  attempt: number,
): Promise<unknown> {
  const operation = {
    kind: step.kind ?? 'agent',
    name: step.name,
    attributes: {
      [semconv.ATTR_JOB_ID]: run.context.job,
      [semconv.ATTR_JOB_RUN]: run.run,
      [semconv.ATTR_JOB_STEP]: step.name,
      [semconv.ATTR_JOB_ATTEMPT]: attempt,
    },
  };
  return runInSpan(operation, async () => {
    const work = withBudget(tracker, async () => step.run(contextOf(step, run, tracker, attempt)));
    const { rejected, cancel } = run.stop.rejectAfterGrace(run.graceMs);
    try {
      return await Promise.race([work, rejected]);
    } finally {
      cancel();
    }
  });
}

function contextOf(step: Step, run: RunContext, tracker: TokenBudgetTracker, attempt: number): StepContext {
  const { state, context } = run;
  const status = async () => tracker.status();
  const attributes = { [semconv.ATTR_JOB_ID]: context.job, [semconv.ATTR_JOB_STEP]: step.name };
  return {
    ...context,
    step: step.name,
    attempt,
    tracker,
    signal: AbortSignal.any([run.stop.signal, tracker.signal]),
    outputs: state.outputs,
    partial: state.partialOf(step.name),
    status,
    statusMessage: async (options) => getBudgetStatusMessage(await status(), options),
    savePartial: (partial) => state.savePartial(step.name, partial),
    tool: (name, use) => runInSpan({ kind: 'tool', name, attributes }, async () => use()),
  };
}

async function waitBeforeRetry(ms: number, stop: StopSwitch): Promise<void> {
  try {
    await sleep(ms, undefined, { signal: stop.signal });
  } catch {
    stop.throwIfStopped();
  }
}
