import { shareClass } from '../util/index.ts';
/**
 * A job's payload, definition or option is invalid. The message names the field, what it got and what it
 * expects.
 */
export class JobDefinitionError extends Error {
  readonly code = 'token_budget_job_definition';

  constructor(message: string) {
    super(message.replace(/[\r\n\u2028\u2029]+/g, ' '));
    this.name = 'JobDefinitionError';
  }
}

shareClass(JobDefinitionError, 'JobDefinitionError');

/** The job is already running, in this process or another. */
export class JobRunningError extends Error {
  readonly code = 'token_budget_job_running';
  readonly job: string;

  constructor(job: string, details: string) {
    super(`The job "${job}" is already running (${details}). Wait until it ends, or stop it first.`);
    this.name = 'JobRunningError';
    this.job = job;
  }
}

shareClass(JobRunningError, 'JobRunningError');

/** There is no job with that id. */
export class JobNotFoundError extends Error {
  readonly code = 'token_budget_job_not_found';
  readonly job: string;

  constructor(job: string, location: string, known: readonly string[]) {
    const saved =
      known.length === 0 ? 'There are no saved jobs' : `Saved jobs: ${known.slice(0, 20).join(', ')}`;
    super(`There is no job "${job}" in ${location}. ${saved}.`);
    this.name = 'JobNotFoundError';
    this.job = job;
  }
}

shareClass(JobNotFoundError, 'JobNotFoundError');

/** A `once` step had started when its process ended, so that it is unknown whether it did its work. */
export class StepInterruptedError extends Error {
  readonly code = 'token_budget_step_interrupted';
  readonly step: string;

  constructor(step: string) {
    super(
      `The step "${step}" may run only once, and had started when its process ended: it is unknown whether it did ` +
        `its work. Check, then resume the job with repeat: ["${step}"] to run it again.`,
    );
    this.name = 'StepInterruptedError';
    this.step = step;
  }
}

shareClass(StepInterruptedError, 'StepInterruptedError');

/** The output of a step, or another value of the job, cannot be saved as JSON. */
export class StepOutputError extends Error {
  readonly code = 'token_budget_step_output';
  readonly step: string;

  constructor(step: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    super(`The output of the step "${step}" cannot be saved as JSON (${why}). Return plain data.`, { cause });
    this.name = 'StepOutputError';
    this.step = step;
  }
}

shareClass(StepOutputError, 'StepOutputError');

/** Why a job stops before its end: its deadline has passed, it was asked to stop, or it lost its lock. */
export type StopReason = 'deadline' | 'signal' | 'error';

const STOP_MESSAGES: Readonly<Record<StopReason, string>> = {
  deadline: 'its time is over',
  signal: 'it was asked to stop',
  error: 'its lock was lost',
};

/** The reason of an aborted signal of a step: the job has to stop. */
export class JobStoppedError extends Error {
  readonly code = 'token_budget_job_stopped';
  readonly reason: StopReason;

  constructor(reason: StopReason, cause?: unknown) {
    super(`The job stops: ${STOP_MESSAGES[reason]}.`, cause === undefined ? undefined : { cause });
    this.name = 'JobStoppedError';
    this.reason = reason;
  }
}

shareClass(JobStoppedError, 'JobStoppedError');
