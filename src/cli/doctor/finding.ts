/** The result of one check of `doctor`. */
export interface Finding {
  /** The name of the check. */
  readonly check: string;
  /** `fail` makes the command exit with 1; `skip` means that there was nothing to check. */
  readonly state: 'ok' | 'warn' | 'fail' | 'skip';
  readonly found: string;
  /** How to fix it. */
  readonly fix?: string;
}

/** Returns the finding of a check that passed. */
export function foundOk(check: string, found: string): Finding {
  return { check, state: 'ok', found };
}

/** Returns the finding of a check that had nothing to check. */
export function foundSkipped(check: string, found: string): Finding {
  return { check, state: 'skip', found };
}

/** Returns the finding of a check that found something to look at. */
export function foundWarning(check: string, found: string, fix: string): Finding {
  return { check, state: 'warn', found, fix };
}

/** Returns the finding of a check that failed. */
export function foundFailure(check: string, found: string, fix: string): Finding {
  return { check, state: 'fail', found, fix };
}

/** Returns the message of the error at the root of an error's causes. */
export function rootCauseMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Errors of fetch say what happened in their cause. A host with two addresses fails with two errors and no
  // message.
  const { cause } = error;
  if (cause instanceof AggregateError) return rootCauseMessage(cause.errors[0]);
  return cause instanceof Error ? rootCauseMessage(cause) : error.message;
}
