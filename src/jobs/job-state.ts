import type { SpanContext } from '@opentelemetry/api';
import type { BudgetEvent, BudgetStatus, TokenBudgetTracker } from '../budget/index.ts';
import { isPromise } from '../util/index.ts';
import { StepOutputError } from './errors.ts';
import { type JobResult, buildResult } from './result/index.ts';
import {
  type CallRecord,
  type JobCheckpoint,
  type JobReason,
  JobCallTotals,
  type SavedStep,
  toCallRecord,
  formatCheckpoint,
} from './state/index.ts';
import type { JobStore } from './stores/index.ts';

/** What is known of a job when a run of it begins. */
export type JobStart = Omit<JobCheckpoint, 'state' | 'updatedAt' | 'tracker'>;

export interface JobStateOptions {
  readonly tracker: TokenBudgetTracker;
  /** Absent: nothing is kept. */
  readonly store?: JobStore | undefined;
  /** What the ids of the run's reservations begin with in the ledger. */
  readonly owner: string;
  /** The calls of earlier runs. */
  readonly records: readonly CallRecord[];
  readonly warnings: readonly string[];
  readonly now: () => number;
}

/** A job while it runs: what is completed, what its calls used, and how that is kept. */
export class JobState {
  readonly job: string;
  readonly #start: JobStart;
  readonly #options: JobStateOptions;
  readonly #runStartedAt: number;
  readonly #steps: Map<string, SavedStep>;
  readonly #partial: Map<string, unknown>;
  readonly #begun: string[] = [];
  readonly #tally = new JobCallTotals();
  readonly #warnings: string[];
  #denied: number;
  #sequence: number;
  #trace: JobStart['trace'];
  #error: JobCheckpoint['error'];
  #saving: Promise<void> = Promise.resolve();

  constructor(start: JobStart, options: JobStateOptions) {
    this.job = start.job;
    this.#start = start;
    this.#options = options;
    this.#runStartedAt = options.now();
    this.#steps = new Map(start.steps.map((savedStep) => [savedStep.name, savedStep]));
    this.#partial = new Map(Object.entries(start.partial));
    this.#denied = start.deniedCalls;
    this.#sequence = start.sequence;
    this.#trace = start.trace;
    this.#warnings = [...options.warnings];
    for (const record of options.records) this.#tally.add(record);
  }

  get trace(): JobStart['trace'] {
    return this.#trace;
  }

  /** The span of the first run. */
  setTrace({ traceId, spanId, traceFlags }: SpanContext): void {
    this.#trace ??= { traceId, spanId, traceFlags };
  }

  /** Completed steps and what they gave back, by name. */
  get outputs(): Record<string, unknown> {
    const completed = [...this.#steps.values()].filter(({ state }) => state === 'completed');
    return Object.fromEntries(completed.map(({ name, output }) => [name, output]));
  }

  step(name: string): SavedStep | undefined {
    return this.#steps.get(name);
  }

  partialOf(step: string): unknown {
    return this.#partial.get(step);
  }

  /** @throws StepOutputError where it has no JSON */
  savePartial(step: string, partial: unknown): void {
    this.#partial.set(step, toPlainJson(step, partial));
  }

  /** A step begins; of one that runs once, that is kept first. */
  async beginStep(name: string, once: boolean): Promise<void> {
    this.#begun.push(name);
    if (!once) return;
    this.#steps.set(name, { name, state: 'begun', attempts: 0, run: this.#start.run, durationMs: 0 });
    await this.save();
  }

  /**
   * A step is completed, which is kept before its output is given on, as JSON.
   * @throws StepOutputError where its output has none
   */
  async completeStep(
    name: string,
    output: unknown,
    how: { attempts: number; durationMs: number },
  ): Promise<unknown> {
    const kept = toPlainJson(name, output);
    const step: SavedStep = { name, state: 'completed', ...how, run: this.#start.run };
    this.#steps.set(name, kept === undefined ? step : { ...step, output: kept });
    this.#partial.delete(name);
    await this.save();
    return kept;
  }

  /** Follows the calls of the budget. A call is recorded before it is charged, so that a process that dies in between tells of it. */
  recordCalls(): () => void {
    return this.#options.tracker.on((event) => this.#see(event));
  }

  setError(error: JobCheckpoint['error']): void {
    this.#error = error;
  }

  addWarning(warning: string): void {
    if (!this.#warnings.includes(warning)) this.#warnings.push(warning);
  }

  /** Keeps the job as it stands, once what is being kept is. */
  save(state: JobCheckpoint['state'] = 'running'): Promise<void> {
    const { store } = this.#options;
    if (store === undefined) return Promise.resolve();
    const saved = this.#saving.then(async () => {
      await this.#refresh();
      this.#sequence += 1;
      await store.save(this.job, this.#sequence, formatCheckpoint(this.#checkpoint(state)));
    });
    this.#saving = saved.catch(() => undefined);
    return saved;
  }

  /** What the run came to. */
  result(reason: JobReason, output: unknown, status: BudgetStatus): JobResult {
    return buildResult({
      checkpoint: this.#checkpoint(reason),
      reason,
      output,
      startedSteps: this.#begun,
      totals: this.#tally,
      status,
      warnings: this.#warnings,
    });
  }

  /** The ledger is the truth: where it is away, the checkpoint has what was last seen. */
  async #refresh(): Promise<void> {
    try {
      await this.#options.tracker.status();
    } catch {}
  }

  #checkpoint(state: JobCheckpoint['state']): JobCheckpoint {
    const { now, tracker } = this.#options;
    const at = now();
    return {
      ...this.#start,
      state,
      sequence: this.#sequence,
      updatedAt: at,
      activeMs: this.#start.activeMs + Math.max(0, at - this.#runStartedAt),
      steps: [...this.#steps.values()],
      partial: Object.fromEntries(this.#partial),
      deniedCalls: this.#denied,
      ...(this.#trace === undefined ? {} : { trace: this.#trace }),
      error: this.#error,
      tracker: tracker.toJSON(),
    };
  }

  #see(event: BudgetEvent): void {
    if (event.type === 'denied') this.#denied += 1;
    if (event.type !== 'call') return;
    const record = toCallRecord(event, this.#options.owner);
    this.#tally.add(record);
    const { store } = this.#options;
    if (store === undefined) return;
    const failed = (): void =>
      this.addWarning('Some calls could not be recorded: after a restart their usage counts as interrupted.');
    try {
      const kept = store.append(this.job, JSON.stringify(record));
      if (isPromise(kept)) kept.catch(failed);
    } catch {
      failed();
    }
  }
}

/** As JSON would give it back, so that a step after it has the same whether or not the job was resumed in between. */
export function toPlainJson(step: string, value: unknown): unknown {
  try {
    const text = JSON.stringify(value);
    return text === undefined ? undefined : JSON.parse(text);
  } catch (error) {
    throw new StepOutputError(step, error);
  }
}
