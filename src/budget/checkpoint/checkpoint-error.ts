import { shareClass } from '../../util/index.ts';
/**
 * Why a checkpoint is rejected: it is `damaged` (torn, empty, changed), `foreign` (not a checkpoint of this
 * package), `newer` (written by a later version of the package), or of `another` budget or job. Its file or
 * record stays as it was.
 */
export type CheckpointFault = 'damaged' | 'foreign' | 'newer' | 'another';

/**
 * A checkpoint is rejected. The message is one line that says why, and what to do.
 *
 * @example
 * try {
 *   tracker = await TokenBudgetTracker.fromJSON(text, { store });
 * } catch (error) {
 *   if (!(error instanceof CheckpointError) || error.fault !== 'damaged') throw error;
 *   tracker = new TokenBudgetTracker(budget, { store });
 * }
 */
export class CheckpointError extends Error {
  readonly code = 'token_budget_checkpoint';
  readonly fault: CheckpointFault;

  constructor(fault: CheckpointFault, message: string, cause?: unknown) {
    super(message.replace(/[\r\n\u2028\u2029]+/g, ' '), cause === undefined ? undefined : { cause });
    this.name = 'CheckpointError';
    this.fault = fault;
  }
}

shareClass(CheckpointError, 'CheckpointError');
