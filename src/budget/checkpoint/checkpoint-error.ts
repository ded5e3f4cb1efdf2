/**
 * Why a checkpoint is not taken: it is `damaged` (torn, empty, changed), `foreign` (no checkpoint of ours), `newer` (of a later
 * version of the package), or of `another` budget or job. What held it is left as it was.
 */
export type CheckpointFault = 'damaged' | 'foreign' | 'newer' | 'another';

/** A checkpoint cannot be taken. The message is one line, says why, and what to do. */
export class CheckpointError extends Error {
  readonly code = 'token_budget_checkpoint';
  readonly fault: CheckpointFault;

  constructor(fault: CheckpointFault, message: string, cause?: unknown) {
    super(message.replace(/[\r\n\u2028\u2029]+/g, ' '), cause === undefined ? undefined : { cause });
    this.name = 'CheckpointError';
    this.fault = fault;
  }
}
