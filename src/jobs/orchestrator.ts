import { BudgetExhaustedError, MS_PER_MINUTE, type TokenBudgetTracker } from '../budget/index.ts';
import { type Span, trace } from '../telemetry/api/index.ts';
import { describeUnmetered, isEnforced, reportNotEnforced } from '../telemetry/context/index.ts';
import { semconv } from '../telemetry/names/index.ts';
import { errorMessage, mapWithConcurrency } from '../util/index.ts';
import { StopSwitch, stopReasonOf, toSavedError } from './control/index.ts';
import {
  addStepName,
  checkJobId,
  type Step,
  type StepIterator,
  type StepOrGroup,
  type Steps,
  toSteps,
} from './definition.ts';
import { JobDefinitionError, StepInterruptedError } from './errors.ts';
import { type JobStart, JobState, toPlainJson } from './job-state.ts';
import type { JobPayload } from './payload.ts';
import { contextOfFirstRun, emitResult, type JobResult, runInSpan } from './result/index.ts';
import type { JobRunOptions } from './run-options.ts';
import { type RunContext, runStep } from './run-step.ts';
import type { CallRecord, JobCheckpoint, JobReason } from './state/index.ts';
import type { JobStore } from './stores/index.ts';

/** The tracker that steps spend from, and where checkpoints are saved. */
export interface OrchestratorOptions extends JobRunOptions {
  /** The job's id. */
  readonly job: string;
  readonly tracker: TokenBudgetTracker;
  /** The kind of job; default: the id. */
  readonly name?: string | undefined;
  /** Where checkpoints are saved, and calls recorded; default: nowhere. */
  readonly store?: JobStore | undefined;
  /** The checkpoint to resume from: its completed steps do not run again. */
  readonly checkpoint?: JobCheckpoint | undefined;
  /** The calls of earlier runs, for the result. */
  readonly records?: readonly CallRecord[] | undefined;
  /** The prefix of this run's reservation ids in the ledger, as in the options of the tracker. */
  readonly owner?: string | undefined;
  readonly payload?: JobPayload | undefined;
  /** Aborted if the job's lock is lost: another process may run the job then. */
  readonly lock?: AbortSignal | undefined;
  /** How many steps of a group run at once; default: all of them. */
  readonly concurrency?: number | undefined;
  /** For the result. */
  readonly warnings?: readonly string[] | undefined;
  /** The clock, milliseconds since the epoch; default: `Date.now`. */
  readonly now?: (() => number) | undefined;
}

const DEFAULT_GRACE_MS = 5_000;

/** The interval of a timer that only keeps the process alive. */
const KEEP_ALIVE_MS = 60_000;

/** How the steps ended. */
interface Outcome {
  readonly reason: JobReason;
  readonly output?: unknown;
}

/**
 * Runs the steps of a job, each once, with a checkpoint after each; resumes a job after its last completed
 * step. Always returns a result, whatever stopped the job: its budget, its time, a signal or an error.
 * @example
 * ```ts
 * const orchestrator = new LongRunningOrchestrator({ job: 'report-17', tracker });
 * const result = await orchestrator.run([{ name: 'search', run: ({ signal }) => search(signal) }]);
 * ```
 */
export class LongRunningOrchestrator {
  readonly #options: OrchestratorOptions;
  readonly #now: () => number;

  /** @throws JobDefinitionError if the id is invalid */
  constructor(options: OrchestratorOptions) {
    checkJobId(options.job);
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Runs the steps, or those that are left.
   * @throws StepOutputError if the input cannot be saved as JSON
   * @throws StoreError if the first checkpoint cannot be saved
   */
  async run(steps: Steps): Promise<JobResult> {
    const { tracker, store, lock, signal, owner = '', records = [], warnings = [] } = this.#options;
    const start = this.#runStart();
    const state = new JobState(start, { tracker, store, owner, records, warnings, now: this.#now });
    const stop = new StopSwitch({ signal, lock, deadline: await this.#deadline(), now: this.#now });
    const stopRecording = state.recordCalls();
    // A step may wait for something that does not keep the process alive.
    const keepAlive = setInterval(() => undefined, KEEP_ALIVE_MS);
    const run: RunContext = {
      context: { job: start.job, payload: start.payload, input: start.input },
      state,
      stop,
      tracker,
      run: start.run,
      graceMs: this.#options.graceMs ?? DEFAULT_GRACE_MS,
    };
    const attributes = { [semconv.ATTR_JOB_ID]: start.job, [semconv.ATTR_JOB_RUN]: start.run };
    try {
      return await runInSpan(
        { kind: 'agent', name: start.name, attributes },
        (span) => this.#runInJobSpan(span, steps, run),
        contextOfFirstRun(start.trace),
      );
    } finally {
      clearInterval(keepAlive);
      stopRecording();
      stop.close();
    }
  }

  async #runInJobSpan(span: Span, steps: Steps, run: RunContext): Promise<JobResult> {
    const { state, tracker } = run;
    if (trace.isSpanContextValid(span.spanContext())) state.setTrace(span.spanContext());
    // Saves the number of the run before its first call, so that no two runs use the same reservation ids.
    await state.save();
    const { reason, output } = await this.#runToEnd(steps, run);
    await state.save(reason).catch((error: unknown) => {
      const why = errorMessage(error);
      state.addWarning(`The last checkpoint could not be saved: ${why}`);
    });
    const status = await tracker.status();
    if (!isEnforced() && status.balances.settled.calls === 0)
      reportNotEnforced(tracker, describeUnmetered(tracker.budget.name));
    const result = state.result(reason, output, status);
    emitResult(span, result);
    return result;
  }

  /** Returns the state at the start of this run: that of the checkpoint, or of a new job. */
  #runStart(): JobStart {
    const { checkpoint, job, name, payload, unit } = this.#options;
    const file = this.#options.file ?? checkpoint?.file;
    const input = toPlainJson('input', this.#options.input ?? checkpoint?.input);
    return {
      job: checkpoint?.job ?? job,
      name: checkpoint?.name ?? name ?? job,
      payload: payload ?? checkpoint?.payload ?? {},
      unit: unit ?? checkpoint?.unit ?? 'tokens',
      run: (checkpoint?.run ?? 0) + 1,
      sequence: checkpoint?.sequence ?? 0,
      startedAt: checkpoint?.startedAt ?? this.#now(),
      activeMs: checkpoint?.activeMs ?? 0,
      steps: checkpoint?.steps ?? [],
      partial: checkpoint?.partial ?? {},
      deniedCalls: checkpoint?.deniedCalls ?? 0,
      ...(checkpoint?.trace === undefined ? {} : { trace: checkpoint.trace }),
      ...(file === undefined ? {} : { file }),
      ...(input === undefined ? {} : { input }),
    };
  }

  /** Returns the earlier of the deadline and the end of the budget's minutes. */
  async #deadline(): Promise<number> {
    const { minutes } = (await this.#options.tracker.status()).left;
    const budgetEnd =
      minutes === undefined ? Number.POSITIVE_INFINITY : this.#now() + minutes * MS_PER_MINUTE;
    return Math.min(this.#options.deadline?.getTime() ?? Number.POSITIVE_INFINITY, budgetEnd);
  }

  async #runToEnd(steps: Steps, run: RunContext): Promise<Outcome> {
    try {
      const iterator = typeof steps === 'function' ? steps(run.context) : iterateList(steps);
      return { reason: 'completed', output: await this.#runSteps(iterator, run) };
    } catch (error) {
      run.state.setError(toSavedError(error));
      return { reason: stopReasonOf(error, run.stop, run.tracker) };
    }
  }

  /** Runs the steps of an iterator until it is done, and returns its return value as JSON preserves it. */
  async #runSteps(iterator: StepIterator, run: RunContext): Promise<unknown> {
    const names = new Set<string>();
    let next = await iterator.next();
    while (next.done !== true) next = await this.#advance(iterator, next.value, names, run);
    return toPlainJson('output', next.value);
  }

  /** Runs a step or a group, and passes its output or its error to the iterator. */
  async #advance(
    iterator: StepIterator,
    group: StepOrGroup,
    names: Set<string>,
    run: RunContext,
  ): Promise<IteratorResult<StepOrGroup, unknown>> {
    let output: unknown;
    try {
      output = await this.#runGroup(group, names, run);
    } catch (error) {
      return passError(iterator, error, run);
    }
    return iterator.next(output);
  }

  async #runGroup(group: StepOrGroup, names: Set<string>, run: RunContext): Promise<unknown> {
    const steps = toSteps(group);
    for (const { name } of steps) addStepName(names, name);
    const runOne = (step: Step): Promise<unknown> => this.#runOnce(step, run);
    const outputs = await mapWithConcurrency(steps, this.#options.concurrency, runOne);
    return Array.isArray(group) ? outputs : outputs[0];
  }

  /** Runs a step, unless it was completed before. */
  async #runOnce(step: Step, run: RunContext): Promise<unknown> {
    const saved = run.state.savedStep(step.name);
    if (saved?.state === 'completed') return saved.output;
    if (saved?.state === 'started' && this.#options.repeat?.includes(step.name) !== true) {
      throw new StepInterruptedError(step.name);
    }
    run.stop.throwIfStopped();
    if (run.tracker.isExhausted) throw new BudgetExhaustedError(run.tracker.budget.name);
    return runStep(step, run);
  }
}

/** Yields the steps of a list, and returns the output of the last. */
function* iterateList(steps: readonly StepOrGroup[]): Iterator<StepOrGroup, unknown, unknown> {
  let output: unknown;
  for (const step of steps) output = yield step;
  return output;
}

/**
 * Passes the error of a step to a generator, which may catch it and yield other steps. If the job has to
 * stop, the generator can only clean up, and the error is thrown.
 */
async function passError(
  iterator: StepIterator,
  error: unknown,
  { stop, tracker }: RunContext,
): Promise<IteratorResult<StepOrGroup, unknown>> {
  const mustStop = stop.reason !== undefined || tracker.isExhausted || error instanceof JobDefinitionError;
  if (!mustStop && iterator.throw !== undefined) return iterator.throw(error);
  await iterator.return?.(undefined);
  throw error;
}
