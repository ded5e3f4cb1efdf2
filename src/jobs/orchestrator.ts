import { trace } from '@opentelemetry/api';
import { BudgetExhaustedError, MS_PER_MINUTE, type TokenBudgetTracker } from '../budget/index.ts';
import { semconv } from '../telemetry/names/index.ts';
import { mapWithConcurrency } from '../util/index.ts';
import { toSavedError, stopReasonOf, StopSwitch } from './control/index.ts';
import {
  checkJobId,
  toSteps,
  type JobContext,
  type Step,
  type StepOrGroup,
  type Steps,
} from './definition.ts';
import { JobDefinitionError, StepInterruptedError } from './errors.ts';
import { type JobStart, JobState, toPlainJson } from './job-state.ts';
import type { JobPayload } from './payload.ts';
import { contextOfFirstRun, runInSpan, type JobResult, emitResult } from './result/index.ts';
import type { JobRunOptions } from './run-options.ts';
import { runStep, type RunContext } from './run-step.ts';
import type { CallRecord, JobCheckpoint, JobReason } from './state/index.ts';
import type { JobStore } from './stores/index.ts';

/** The tracker that steps spend from, and where checkpoints go. */
export interface OrchestratorOptions extends JobRunOptions {
  /** The job's id. */
  readonly job: string;
  readonly tracker: TokenBudgetTracker;
  /** The kind of job; the id where absent. */
  readonly name?: string | undefined;
  /** Where checkpoints are kept, and calls recorded; nothing is kept where absent. */
  readonly store?: JobStore | undefined;
  /** The checkpoint to go on from: the steps that it has as completed are not run again. */
  readonly checkpoint?: JobCheckpoint | undefined;
  /** The calls of earlier runs, for the result. */
  readonly records?: readonly CallRecord[] | undefined;
  /** What the ids of this run's reservations begin with in the ledger, as in the options of the tracker. */
  readonly owner?: string | undefined;
  readonly payload?: JobPayload | undefined;
  /** Aborted where another process may run the job by now. */
  readonly lock?: AbortSignal | undefined;
  /** How many steps of a group run at once; all of them where absent. */
  readonly concurrency?: number | undefined;
  /** For the result. */
  readonly warnings?: readonly string[] | undefined;
  /** The clock, milliseconds since the epoch. */
  readonly now?: (() => number) | undefined;
}

const DEFAULT_GRACE_MS = 5_000;

/** How the steps ended. */
interface Outcome {
  readonly reason: JobReason;
  readonly output?: unknown;
}

/**
 * Runs the steps of a job, each once: a checkpoint after each, and from a checkpoint the steps after the last that was completed.
 * It ends with a result, whatever stopped it: the budget, the time, a signal, an error.
 */
export class LongRunningOrchestrator {
  readonly #options: OrchestratorOptions;
  readonly #now: () => number;

  /** @throws JobDefinitionError where the id is wrong, or the input has no JSON */
  constructor(options: OrchestratorOptions) {
    checkJobId(options.job);
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Runs them, or those that are left. Rejects only where not even a first checkpoint could be kept. */
  async run(steps: Steps): Promise<JobResult> {
    const { tracker, store, lock, signal, owner = '', records = [], warnings = [] } = this.#options;
    const start = this.#start();
    const state = new JobState(start, { tracker, store, owner, records, warnings, now: this.#now });
    const stop = new StopSwitch({ signal, lock, deadline: await this.#deadline(), now: this.#now });
    const unfollow = state.recordCalls();
    // A step may wait for nothing that would keep the process there.
    const alive = setInterval(() => undefined, 60_000);
    const context: JobContext = { job: start.job, payload: start.payload, input: start.input };
    const graceMs = this.#options.graceMs ?? DEFAULT_GRACE_MS;
    const job: RunContext = { context, state, stop, tracker, run: start.run, graceMs };
    const attributes = { [semconv.ATTR_JOB_ID]: start.job, [semconv.ATTR_JOB_RUN]: start.run };
    try {
      return await runInSpan(
        { kind: 'agent', name: start.name, attributes },
        async (span) => {
          if (trace.isSpanContextValid(span.spanContext())) state.setTrace(span.spanContext());
          // Its number is known before its first call, so that the calls of no two runs are taken for each other's.
          await state.save();
          const { reason, output } = await this.#runAll(steps, job);
          await state.save(reason).catch((error: unknown) => {
            state.addWarning(
              `The last checkpoint could not be kept: ${error instanceof Error ? error.message : error}`,
            );
          });
          const result = state.result(reason, output, await tracker.status());
          emitResult(span, result);
          return result;
        },
        contextOfFirstRun(start.trace),
      );
    } finally {
      clearInterval(alive);
      unfollow();
      stop.close();
    }
  }

  #start(): JobStart {
    const { checkpoint: from, job, name, payload, unit, file, input } = this.#options;
    const kept = toPlainJson('input', input ?? from?.input);
    const known = from ?? {
      job,
      name: name ?? job,
      run: 0,
      sequence: 0,
      startedAt: this.#now(),
      activeMs: 0,
      steps: [],
      partial: {},
      deniedCalls: 0,
    };
    const { state: _, updatedAt: __, tracker: ___, error: ____, ...rest } = known as JobCheckpoint;
    const where = file ?? from?.file;
    return {
      ...rest,
      payload: payload ?? from?.payload ?? {},
      unit: unit ?? from?.unit ?? 'tokens',
      run: known.run + 1,
      ...(where === undefined ? {} : { file: where }),
      ...(kept === undefined ? {} : { input: kept }),
    };
  }

  /** The first of the deadline and the end of the budget's minutes. */
  async #deadline(): Promise<number> {
    const { minutes } = (await this.#options.tracker.status()).left;
    const budget = minutes === undefined ? Number.POSITIVE_INFINITY : this.#now() + minutes * MS_PER_MINUTE;
    return Math.min(this.#options.deadline?.getTime() ?? Number.POSITIVE_INFINITY, budget);
  }

  async #runAll(steps: Steps, job: RunContext): Promise<Outcome> {
    const { tracker } = this.#options;
    const iterator = typeof steps === 'function' ? undefined : steps[Symbol.iterator]();
    try {
      const outcome = await this.#drive(
        iterator ?? (steps as Exclude<Steps, readonly unknown[]>)(job.context),
        job,
        typeof steps === 'function',
      );
      return outcome;
    } catch (error) {
      const reason = stopReasonOf(error, job.stop, tracker);
      job.state.setError(toSavedError(error));
      return { reason };
    }
  }

  /** Takes steps from the iterator until it has no more, and gives each what came of it. */
  async #drive(
    iterator: Iterator<StepOrGroup, unknown, unknown> | AsyncIterator<StepOrGroup, unknown, unknown>,
    job: RunContext,
    returns: boolean,
  ): Promise<Outcome> {
    const names = new Set<string>();
    let given: unknown;
    let next = await iterator.next();
    while (next.done !== true) {
      try {
        const group = toSteps(next.value);
        for (const { name } of group) {
          if (names.has(name)) throw new JobDefinitionError(`steps: the name "${name}" stands twice.`);
          names.add(name);
        }
        const outputs = await mapWithConcurrency(group, this.#options.concurrency, (step) => this.#step(step, job));
        given = Array.isArray(next.value) ? outputs : outputs[0];
      } catch (error) {
        next = await this.#failed(error, iterator, job);
        continue;
      }
      next = await iterator.next(given);
    }
    return { reason: 'completed', output: returns ? toPlainJson('output', next.value) : given };
  }

  /** A generator may catch the error of a step and go on; where the job is to stop, it may only clean up. */
  async #failed(
    error: unknown,
    iterator: Iterator<StepOrGroup, unknown, unknown> | AsyncIterator<StepOrGroup, unknown, unknown>,
    { stop, tracker }: RunContext,
  ): Promise<IteratorResult<StepOrGroup, unknown>> {
    const ends = stop.reason !== undefined || tracker.isExhausted || error instanceof JobDefinitionError;
    if (!ends && iterator.throw !== undefined) return iterator.throw(error);
    await iterator.return?.(undefined);
    throw error;
  }

  async #step(step: Step, job: RunContext): Promise<unknown> {
    const kept = job.state.step(step.name);
    if (kept?.state === 'completed') return kept.output;
    if (kept?.state === 'begun' && this.#options.repeat?.includes(step.name) !== true) {
      throw new StepInterruptedError(step.name);
    }
    job.stop.throwIfStopped();
    if (job.tracker.isExhausted) throw new BudgetExhaustedError(job.tracker.budget.name);
    return runStep(step, job);
  }
}
