/** Exit codes; those from 64 on are of `sysexits.h`. `stopped` (EX_TEMPFAIL) is a job that can be resumed. */
export const EXIT = { ok: 0, failed: 1, usage: 64, stopped: 75, config: 78 } as const;

/** The command was called with something that it does not take. The message names it, and what is taken. */
export class UsageError extends Error {
  readonly code = 'token_budget_usage';

  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
