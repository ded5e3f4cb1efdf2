import type { BudgetStatus, Limits, StatusMessageOptions, TokenBudgetTracker } from '../budget/index.ts';
import { formatValue } from '../util/index.ts';
import { JobDefinitionError } from './errors.ts';
import type { JobPayload } from './payload.ts';

/** The job that a step belongs to. */
export interface JobContext {
  /** The job's id. */
  readonly job: string;
  readonly payload: JobPayload;
  /** The input of the job, as it was passed to `runJob`. */
  readonly input: unknown;
}

/** The argument of a step's function. */
export interface StepContext extends JobContext {
  readonly step: string;
  /** The attempt in this run, from 1. */
  readonly attempt: number;
  /**
   * The budget of the step: the job's, or the step's own below it. Calls made in the step are charged to it.
   */
  readonly tracker: TokenBudgetTracker;
  /** Aborted when the job has to stop: its budget is exhausted, its time is over, or it was asked to stop. */
  readonly signal: AbortSignal;
  /** The outputs of the completed steps, by name. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** The value an earlier attempt of this step saved with {@link savePartial}; undefined if it saved none. */
  readonly partial: unknown;
  /** Returns the current status of the step's budget. */
  status(): Promise<BudgetStatus>;
  /** Returns the status of the step's budget as text for a prompt. */
  statusMessage(options?: StatusMessageOptions): Promise<string>;
  /**
   * Saves what the step has so far, as plain data. If the step does not complete, it is in the result, and in
   * `partial` of the next attempt.
   */
  savePartial(partial: unknown): void;
  /** Runs a tool of the step as a span of its own. */
  tool<T>(name: string, run: () => T | Promise<T>): Promise<T>;
}

/** The work of a step. Its result is saved as JSON. */
export type StepFunction = (context: StepContext) => unknown;

/** A part of a job that is completed once. Later steps get its output as it was saved: as JSON. */
export interface Step {
  /** 1 to 100 letters, digits, or `. _ : / -`, unique in the job. */
  readonly name: string;
  readonly run: StepFunction;
  /**
   * The operation of its span: `invoke_agent` or, for a step that calls no model, `execute_tool`; default:
   * `agent`.
   */
  readonly kind?: 'agent' | 'tool';
  /** Limits of its own, below those of the job. */
  readonly budget?: Limits;
  /** How often it is retried after an error; a value above 0 declares it safe to repeat; default: 0. */
  readonly retries?: number;
  /** The delay before the first retry, milliseconds, doubled before each further one; default: 500. */
  readonly retryDelayMs?: number;
  /** Unsafe to repeat even if its process died in it: a resumed job stops at it with an error. */
  readonly once?: boolean;
}

/** A step, a function that is a step under its own name, or several steps that run in parallel. */
export type StepOrGroup = Step | StepFunction | readonly (Step | StepFunction)[];

/** An iterator of steps that is passed the output of each. */
export type StepIterator =
  | Iterator<StepOrGroup, unknown, unknown>
  | AsyncIterator<StepOrGroup, unknown, unknown>;

/**
 * The steps of a job: a list, or a generator function that yields them and is passed the output of each. When
 * a job is resumed, its generator runs from the start and is passed the saved outputs of completed steps, so
 * that its own code between the steps has to be deterministic.
 */
export type Steps = readonly StepOrGroup[] | ((job: JobContext) => StepIterator);

/** A kind of job. */
export interface JobDefinition {
  /** 1 to 100 letters, digits, or `. _ : / -`. */
  readonly name: string;
  readonly description?: string;
  readonly steps: Steps;
  /** How many steps of a group run at once; default: all of them. */
  readonly concurrency?: number;
}

/**
 * Checks a definition and returns it.
 * @throws JobDefinitionError if a name, a step or a number is invalid
 * @example
 * ```ts
 * export default defineJob({
 *   name: 'report',
 *   *steps(job) {
 *     const notes = yield { name: 'search', retries: 2, run: (step) => search(job.input, step.signal) };
 *     return yield { name: 'write', run: (step) => write(notes, step.signal) };
 *   },
 * });
 * ```
 */
export function defineJob(definition: JobDefinition): JobDefinition {
  checkName('job.name', definition.name);
  const { steps, concurrency } = definition;
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency >= 1)) {
    throw new JobDefinitionError(
      `job.concurrency: got ${formatValue(concurrency)}, expected a whole number from 1.`,
    );
  }
  if (typeof steps === 'function') return definition;
  if (!Array.isArray(steps)) {
    throw new JobDefinitionError(
      `job.steps: got ${typeof steps}, expected a list of steps or a generator function.`,
    );
  }
  const names = new Set<string>();
  for (const step of steps.flatMap(toSteps)) addStepName(names, step.name);
  return definition;
}

/**
 * Adds the name of a step to those of the steps before it.
 * @throws JobDefinitionError if another step has it
 */
export function addStepName(names: Set<string>, name: string): void {
  if (names.has(name)) {
    throw new JobDefinitionError(`job.steps: got two steps named "${name}", expected different names.`);
  }
  names.add(name);
}

/**
 * Returns the steps of a group, each checked.
 * @throws JobDefinitionError if one is not a step
 */
export function toSteps(group: StepOrGroup): readonly Step[] {
  const members = Array.isArray(group) ? group : [group];
  return members.map((member: Step | StepFunction) =>
    checkStep(typeof member === 'function' ? { name: member.name, run: member } : member),
  );
}

function checkStep(step: Step): Step {
  if (typeof step !== 'object' || step === null || typeof step.run !== 'function') {
    throw new JobDefinitionError(
      `job.steps: got ${typeof step}, expected a named function, or an object with name and run.`,
    );
  }
  checkName('step.name', step.name);
  const { kind, retries, name } = step;
  if (kind !== undefined && kind !== 'agent' && kind !== 'tool') {
    throw new JobDefinitionError(`step "${name}": kind: got ${formatValue(kind)}, expected agent or tool.`);
  }
  if (retries !== undefined && !(Number.isSafeInteger(retries) && retries >= 0 && retries <= 100)) {
    throw new JobDefinitionError(
      `step "${name}": retries: got ${formatValue(retries)}, expected a whole number from 0 to 100.`,
    );
  }
  return step;
}

/**
 * Checks the name of a job or a step.
 * @throws JobDefinitionError if it is invalid
 */
export function checkName(field: string, name: unknown): void {
  if (typeof name === 'string' && /^[\w.:/-]{1,100}$/.test(name)) return;
  throw new JobDefinitionError(
    `${field}: got ${formatValue(name)}, expected 1 to 100 letters, digits, or . _ : / -`,
  );
}

/**
 * Checks the id of a job, which also names files.
 * @throws JobDefinitionError if it is invalid
 */
export function checkJobId(id: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,99}$/.test(id) && !id.includes('..')) return id;
  throw new JobDefinitionError(
    `id: got ${formatValue(id)}, expected 1 to 100 letters, digits, or . _ - (a letter or digit first).`,
  );
}
