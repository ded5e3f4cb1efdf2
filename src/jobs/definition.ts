import type { BudgetStatus, Limits, StatusMessageOptions, TokenBudgetTracker } from '../budget/index.ts';
import { JobDefinitionError } from './errors.ts';
import type { JobPayload } from './payload.ts';

/** What all steps of a job know of it. */
export interface JobContext {
  /** The job's id. */
  readonly job: string;
  readonly payload: JobPayload;
  /** What the job works on, as it was given to `runJob`. */
  readonly input: unknown;
}

/** What a step is given. */
export interface StepContext extends JobContext {
  readonly step: string;
  /** From 1 on, for each try in this run. */
  readonly attempt: number;
  /** The budget of the step: the job's, or its own below that. Calls made in the step are charged to it without a word. */
  readonly tracker: TokenBudgetTracker;
  /** Aborted when the job is to stop: its budget is exhausted, its time is over, or it was told to. */
  readonly signal: AbortSignal;
  /** What the steps that are completed gave back, by name. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** What an earlier try of this step kept; undefined where it kept nothing. */
  readonly partial: unknown;
  /** The budget of the step as it stands. */
  status(): Promise<BudgetStatus>;
  /** The budget in words, for a prompt. */
  statusMessage(options?: StatusMessageOptions): Promise<string>;
  /** Keeps what there is so far, as plain data: it is in the result, and in `partial` of the next try, should the step not complete. */
  savePartial(partial: unknown): void;
  /** Runs a tool of the step as a span of its own. */
  tool<T>(name: string, run: () => T | Promise<T>): Promise<T>;
}

/** The work of a step; what it gives back is kept as JSON. */
export type StepFunction = (context: StepContext) => unknown;

/** A part of a job that is completed once. What it gives back is kept as JSON, and is that for the steps after it. */
export interface Step {
  /** 1 to 100 letters, digits, or `. _ : / -`; no two steps of a job have the same. */
  readonly name: string;
  readonly run: StepFunction;
  /** What its span is: `invoke_agent`, or `execute_tool` for a step that calls no model. `agent` where absent. */
  readonly kind?: 'agent' | 'tool';
  /** Limits of its own, below those of the job. */
  readonly budget?: Limits;
  /** How often it is tried again after an error; giving it says that it is safe to repeat. 0 where absent. */
  readonly retries?: number;
  /** The pause before the first of these, milliseconds, doubled each time; 500 where absent. */
  readonly retryDelayMs?: number;
  /** It is not safe to repeat even where its process died in it: a resumed job stops there and says so. */
  readonly once?: boolean;
}

/** A step, a function that is one under its own name, or several that run in parallel. */
export type StepOrGroup = Step | StepFunction | readonly (Step | StepFunction)[];

/**
 * The steps of a job: a list, or a generator that yields them and is given what each gave back. A generator is run anew when the job is
 * resumed, and given what was kept for the steps that are completed: what it does between them has to be the same each time.
 */
export type Steps =
  | readonly StepOrGroup[]
  | ((
      job: JobContext,
    ) => Iterator<StepOrGroup, unknown, unknown> | AsyncIterator<StepOrGroup, unknown, unknown>);

/** A kind of job. */
export interface JobDefinition {
  /** 1 to 100 letters, digits, or `. _ : / -`. */
  readonly name: string;
  readonly description?: string;
  readonly steps: Steps;
  /** How many steps of a group run at once; all of them where absent. */
  readonly concurrency?: number;
}

/**
 * A definition that is checked.
 * @throws JobDefinitionError where a name, a step or a number is wrong
 */
export function defineJob(definition: JobDefinition): JobDefinition {
  checkName('job.name', definition.name);
  const { steps, concurrency } = definition;
  if (typeof steps !== 'function' && !Array.isArray(steps)) {
    throw new JobDefinitionError(
      `job.steps: given ${typeof steps}; taken is a list of steps or a generator function.`,
    );
  }
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency >= 1)) {
    throw new JobDefinitionError(`job.concurrency: given ${concurrency}; taken is a whole number from 1.`);
  }
  if (typeof steps !== 'function') {
    const names = new Set<string>();
    for (const step of steps.flatMap(toSteps)) {
      if (names.has(step.name))
        throw new JobDefinitionError(`job.steps: the name "${step.name}" stands twice.`);
      names.add(step.name);
    }
  }
  return definition;
}

/**
 * The steps that run together, each checked.
 * @throws JobDefinitionError where one is not a step
 */
export function toSteps(given: StepOrGroup): readonly Step[] {
  const list = Array.isArray(given)
    ? (given as readonly (Step | StepFunction)[])
    : [given as Step | StepFunction];
  return list.map((one) => checkStep(typeof one === 'function' ? { name: one.name, run: one } : one));
}

function checkStep(step: Step): Step {
  if (typeof step !== 'object' || step === null || typeof step.run !== 'function') {
    throw new JobDefinitionError('a step: taken is a named function, or an object with name and run.');
  }
  checkName('step.name', step.name);
  const { kind, retries, name } = step;
  if (kind !== undefined && kind !== 'agent' && kind !== 'tool') {
    throw new JobDefinitionError(`step "${name}": kind: given ${String(kind)}; taken is agent or tool.`);
  }
  if (retries !== undefined && !(Number.isSafeInteger(retries) && retries >= 0 && retries <= 100)) {
    throw new JobDefinitionError(
      `step "${name}": retries: given ${retries}; taken is a whole number from 0 to 100.`,
    );
  }
  return step;
}

function checkName(field: string, name: unknown): void {
  if (typeof name === 'string' && /^[\w.:/-]{1,100}$/.test(name)) return;
  const given = typeof name === 'string' ? `"${name.slice(0, 60)}"` : typeof name;
  throw new JobDefinitionError(`${field}: given ${given}; taken are 1 to 100 letters, digits, or . _ : / -`);
}

/** @throws JobDefinitionError where it is not the id of a job, which names files too */
export function checkJobId(id: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,99}$/.test(id) && !id.includes('..')) return id;
  throw new JobDefinitionError(
    `id: given ${JSON.stringify(id).slice(0, 60)}; taken are 1 to 100 letters, digits, or . _ - (a letter or digit first).`,
  );
}
