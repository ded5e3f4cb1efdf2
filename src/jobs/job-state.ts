import type { BudgetEvent, BudgetStatus, CallEvent, TokenBudgetTracker } from '../budget/index.ts';
import type { SpanContext } from '../telemetry/api/index.ts';
import { StepOutputError } from './errors.ts';
import { buildResult, type JobResult } from './result/index.ts';
import {
  type CallRecord,
  formatCheckpoint,
  JobCallTotals,
  type JobCheckpoint,
  type JobReason,
  type SavedError,
  type SavedStep,
  toCallRecord,
} from './state/index.ts';
import type { JobStore } from './stores/index.ts';

/** The state of a job at the start of a run. */
export type JobStart = Omit<JobCheckpoint, 'state' | 'updatedAt' | 'tracker' | 'error'>;

/** The collaborators of a {@link JobState}. */
export interface JobStateOptions {
  readonly tracker: TokenBudgetTracker;
  /** Default: nothing is saved. */
  readonly store?: JobStore | undefined;
  /** The prefix of the run's reservation ids in the ledger. */
  readonly owner: string;
  /** The calls of earlier runs. */
  readonly records: readonly CallRecord[];
  readonly warnings: readonly string[];
  readonly now: () => number;
}

/** The state of a job during a run: its completed steps and its calls. Saves checkpoints of it. */
export class JobState {
  readonly job: string;
  readonly #start: JobStart;
  readonly #options: JobStateOptions;
  readonly #runStartedAt: number;
  readonly #steps: Map<string, SavedStep>;
  readonly #partial: Map<string, unknown>;
  readonly #startedSteps: string[] = [];
  readonly #totals = new JobCallTotals();
  readonly #warnings: string[];
  #deniedCalls: number;
  #sequence: number;
  #trace: JobStart['trace'];
  #error: SavedError | undefined;
  #lastSave: Promise<void> = Promise.resolve();

  constructor(start: JobStart, options: JobStateOptions) {
    this.job = start.job;
    this.#start = start;
    this.#options = options;
    this.#runStartedAt = options.now();
    this.#steps = new Map(start.steps.map((step) => [step.name, step]));
    this.#partial = new Map(Object.entries(start.partial));
    this.#deniedCalls = start.deniedCalls;
    this.#sequence = start.sequence;
    this.#trace = start.trace;
    this.#warnings = [...options.warnings];
    for (const record of options.records) this.#totals.add(record);
  }

  /** The span of the job's first run; undefined until that has one. */
  get trace(): JobStart['trace'] {
    return this.#trace;
  }

  /** Sets the span of the first run; has no effect in later runs. */
  setTrace({ traceId, spanId, traceFlags }: SpanContext): void {
    this.#trace ??= { traceId, spanId, traceFlags };
  }

  /** The outputs of the completed steps, by name. */
  get outputs(): Record<string, unknown> {
    const completed = [...this.#steps.values()].filter(({ state }) => state === 'completed');
    return Object.fromEntries(completed.map(({ name, output }) => [name, output]));
  }

  savedStep(name: string): SavedStep | undefined {
    return this.#steps.get(name);
  }

  partialOf(step: string): unknown {
    return this.#partial.get(step);
  }

  /**
   * Holds a partial result of a step for the next checkpoint.
   * @throws StepOutputError if it cannot be saved as JSON
   */
  savePartial(step: string, partial: unknown): void {
    this.#partial.set(step, toPlainJson(step, partial));
  }

  /** Starts a step; saves that first if the step may run only once. */
  async beginStep(name: string, once: boolean): Promise<void> {
    this.#startedSteps.push(name);
    if (!once) return;
    this.#steps.set(name, { name, state: 'started', attempts: 0, run: this.#start.run, durationMs: 0 });
    await this.save();
  }

  /**
   * Completes a step and saves that.
   * @returns the output as it was saved
   * @throws StepOutputError if the output cannot be saved as JSON
   */
  async completeStep(
    name: string,
    output: unknown,
    execution: { readonly attempts: number; readonly durationMs: number },
  ): Promise<unknown> {
    const saved = toPlainJson(name, output);
    const step: SavedStep = { name, state: 'completed', ...execution, run: this.#start.run };
    this.#steps.set(name, saved === undefined ? step : { ...step, output: saved });
    this.#partial.delete(name);
    await this.save();
    return saved;
  }

  /**
   * Records the calls of the budget from now on. A call is recorded before it is charged, so that a process
   * that dies in between leaves a record of it.
   * @returns a function that ends it
   */
  recordCalls(): () => void {
    return this.#options.tracker.on((event) => this.#onEvent(event));
  }

  setError(error: SavedError): void {
    this.#error = error;
  }

  addWarning(warning: string): void {
    if (!this.#warnings.includes(warning)) this.#warnings.push(warning);
  }

  /** Saves the job's current state, after the saves that have begun. */
  save(state: JobCheckpoint['state'] = 'running'): Promise<void> {
    const { store } = this.#options;
    if (store === undefined) return Promise.resolve();
    const saved = this.#lastSave.then(async () => {
      await this.#refreshBalances();
      this.#sequence += 1;
      await store.save(this.job, this.#sequence, formatCheckpoint(this.#checkpoint(state)));
    });
    this.#lastSave = saved.catch(() => undefined);
    return saved;
  }

  /** Returns the result of the run. */
  result(reason: JobReason, output: unknown, status: BudgetStatus): JobResult {
    return buildResult({
      checkpoint: this.#checkpoint(reason),
      reason,
      output,
      startedSteps: this.#startedSteps,
      totals: this.#totals,
      status,
      warnings: this.#warnings,
    });
  }

  /** Reads the ledger. While it is unavailable, a checkpoint has the balances as last seen. */
  async #refreshBalances(): Promise<void> {
    try {
      await this.#options.tracker.status();
    } catch {}
  }

  #checkpoint(state: JobCheckpoint['state']): JobCheckpoint {
    const { now, tracker } = this.#options;
    const updatedAt = now();
    return {
      ...this.#start,
      state,
      sequence: this.#sequence,
      updatedAt,
      activeMs: this.#start.activeMs + Math.max(0, updatedAt - this.#runStartedAt),
      steps: [...this.#steps.values()],
      partial: Object.fromEntries(this.#partial),
      deniedCalls: this.#deniedCalls,
      ...(this.#trace === undefined ? {} : { trace: this.#trace }),
      error: this.#error,
      tracker: tracker.snapshot(),
    };
  }

  #onEvent(event: BudgetEvent): void {
    if (event.type === 'denied') this.#deniedCalls += 1;
    if (event.type === 'not_enforced') this.addWarning(event.reason);
    if (event.type === 'call') void this.#recordCall(event);
  }

  /** Writes before it returns if the store can; never rejects. */
  async #recordCall(event: CallEvent): Promise<void> {
    try {
      const record = toCallRecord(event, this.#options.owner);
      this.#totals.add(record);
      await this.#options.store?.append(this.job, JSON.stringify(record));
    } catch {
      this.addWarning('Some calls could not be recorded: after a restart their usage counts as interrupted.');
    }
  }
}

/**
 * Returns a value as JSON preserves it, so that later steps get the same value whether or not the job was
 * resumed.
 * @throws StepOutputError if it has no JSON
 */
export function toPlainJson(step: string, value: unknown): unknown {
  try {
    const text = JSON.stringify(value);
    return text === undefined ? undefined : JSON.parse(text);
  } catch (error) {
    throw new StepOutputError(step, error);
  }
}
