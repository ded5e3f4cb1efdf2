/** A job's payload, definition or option is not one that is taken. The message names the field, what was given and what is taken. */
export class JobDefinitionError extends Error {
  readonly code = 'token_budget_job_definition';

  constructor(message: string) {
    super(message.replace(/[\r\n\u2028\u2029]+/g, ' '));
    this.name = 'JobDefinitionError';
  }
}

/** The job runs in another process, or elsewhere in this one. */
export class JobRunningError extends Error {
  readonly code = 'token_budget_job_running';
  readonly job: string;

  constructor(job: string, where: string) {
    super(`The job "${job}" is running already (${where}). Wait for it to end, or end it.`);
    this.name = 'JobRunningError';
    this.job = job;
  }
}

/** There is no such job, or one of that name is there already. */
export class JobNotFoundError extends Error {
  readonly code = 'token_budget_job_not_found';
  readonly job: string;

  constructor(job: string, where: string, known: readonly string[]) {
    const there = known.length === 0 ? 'There are none' : `There are: ${known.slice(0, 20).join(', ')}`;
    super(`There is no job "${job}" in ${where}. ${there}.`);
    this.name = 'JobNotFoundError';
    this.job = job;
  }
}

/** A step that is not safe to repeat had begun when its process died: whether it did its work is not known. */
export class StepInterruptedError extends Error {
  readonly code = 'token_budget_step_interrupted';
  readonly step: string;

  constructor(step: string) {
    super(
      `The step "${step}" runs once, and had begun when its process ended: whether it did its work is not known. ` +
        `Look, and resume with repeat: ["${step}"] to run it again.`,
    );
    this.name = 'StepInterruptedError';
    this.step = step;
  }
}

/** What a step gave back cannot be kept: it has no JSON. */
export class StepOutputError extends Error {
  readonly code = 'token_budget_step_output';
  readonly step: string;

  constructor(step: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    super(`What the step "${step}" gave back cannot be kept as JSON (${why}). Give back plain data.`, {
      cause,
    });
    this.name = 'StepOutputError';
    this.step = step;
  }
}

/** Why the signal of a step was aborted: the time of the job is over, or it was told to stop. */
export class JobStoppedError extends Error {
  readonly code = 'token_budget_job_stopped';
  readonly reason: 'deadline' | 'signal' | 'error';

  constructor(reason: 'deadline' | 'signal' | 'error', cause?: unknown) {
    const why = { deadline: 'its time is over', signal: 'it was told to stop', error: 'its lock was lost' }[
      reason
    ];
    super(`The job stops: ${why}.`, cause === undefined ? undefined : { cause });
    this.name = 'JobStoppedError';
    this.reason = reason;
  }
}
