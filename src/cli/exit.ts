/**
 * Exit codes; those from 64 to 78 are of `sysexits.h`, those from 126 on are the shell's. `stopped` (EX_TEMPFAIL) is a job that
 * can be resumed.
 */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 64,
  stopped: 75,
  config: 78,
  notRunnable: 126,
  notFound: 127,
} as const;

/** The command was called with something that it does not take. The message names it, and what is taken. */
export class UsageError extends Error {
  readonly code = 'token_budget_usage';

  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
