/**
 * The exit codes of the command. 64 to 78 are those of `sysexits.h`, 126 and 127 those of shells. `stopped`
 * (EX_TEMPFAIL) is a job that can be resumed.
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

/** The command line is wrong. The message names the option, its value and the expected one. */
export class UsageError extends Error {
  readonly code = 'token_budget_usage';

  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
