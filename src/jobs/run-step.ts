import { setTimeout as sleep } from 'node:timers/promises';
import { getBudgetStatusMessage, type TokenBudgetTracker } from '../budget/index.ts';
import { withBudget } from '../telemetry/context/index.ts';
import { semconv } from '../telemetry/names/index.ts';
import { isRetryable, type StopSwitch } from './control/index.ts';
import type { JobContext, Step, StepContext } from './definition.ts';
import type { JobState } from './job-state.ts';
import { runInSpan } from './result/index.ts';

export interface RunContext {
  readonly context: JobContext;
  readonly state: JobState;
  readonly stop: StopSwitch;
  /** The budget of the job. */
  readonly tracker: TokenBudgetTracker;
  readonly run: number;
  /** How long a step may go on once the job is to stop, milliseconds. */
  readonly graceMs: number;
}

const DEFAULT_RETRY_DELAY_MS = 500;
const MAX_RETRY_DELAY_MS = 60_000;

/**
 * Runs a step until it gives something back, which is kept, or may not be tried again.
 * @throws what the step threw, or why the job is to stop
 */
export async function runStep(step: Step, job: RunContext): Promise<unknown> {
  const { state, stop } = job;
  const tracker = job.tracker.within(step.name, step.budget);
  const { retries = 0, retryDelayMs = DEFAULT_RETRY_DELAY_MS } = step;
  await state.beginStep(step.name, step.once === true);
  const startedAt = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      const output = await tryOnce(step, job, tracker, attempt);
      const durationMs = Math.round(performance.now() - startedAt);
      return await state.completeStep(step.name, output, { attempts: attempt, durationMs });
    } catch (error) {
      if (attempt > retries || !isRetryable(error, stop, tracker)) throw error;
      await pause(Math.min(MAX_RETRY_DELAY_MS, retryDelayMs * 2 ** (attempt - 1)), stop);
    }
  }
}

function tryOnce(step: Step, job: RunContext, tracker: TokenBudgetTracker, attempt: number): Promise<unknown> {
  const operation = {
    kind: step.kind ?? 'agent',
    name: step.name,
    attributes: {
      [semconv.ATTR_JOB_ID]: job.context.job,
      [semconv.ATTR_JOB_RUN]: job.run,
      [semconv.ATTR_JOB_STEP]: step.name,
      [semconv.ATTR_JOB_ATTEMPT]: attempt,
    },
  };
  return runInSpan(operation, async () => {
    const work = withBudget(tracker, async () => step.run(contextOf(step, job, tracker, attempt)));
    const { rejected, forget } = job.stop.rejectAfterGrace(job.graceMs);
    try {
      return await Promise.race([work, rejected]);
    } finally {
      forget();
    }
  });
}

function contextOf(step: Step, job: RunContext, tracker: TokenBudgetTracker, attempt: number): StepContext {
  const { state, context } = job;
  const signal = AbortSignal.any([job.stop.signal, tracker.signal]);
  const status = async () => tracker.status();
  return {
    ...context,
    step: step.name,
    attempt,
    tracker,
    signal,
    outputs: state.outputs,
    partial: state.partialOf(step.name),
    status,
    statusMessage: async (options) => getBudgetStatusMessage(await status(), options),
    savePartial: (partial) => state.savePartial(step.name, partial),
    tool: (name, run) =>
      runInSpan(
        {
          kind: 'tool',
          name,
          attributes: { [semconv.ATTR_JOB_ID]: context.job, [semconv.ATTR_JOB_STEP]: step.name },
        },
        async () => run(),
      ),
  };
}

async function pause(ms: number, stop: StopSwitch): Promise<void> {
  try {
    await sleep(ms, undefined, { signal: stop.signal });
  } catch {
    stop.throwIfStopped();
  }
}
