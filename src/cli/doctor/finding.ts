/** What one check of `doctor` found. */
export interface Finding {
  /** What was checked, in a word or two. */
  readonly check: string;
  /** `fail` ends the command with 1; `skip`: there was nothing to check. */
  readonly state: 'ok' | 'warn' | 'fail' | 'skip';
  readonly found: string;
  /** What to do about it. */
  readonly fix?: string;
}

export function foundOk(check: string, found: string): Finding {
  return { check, state: 'ok', found };
}

export function foundSkipped(check: string, found: string): Finding {
  return { check, state: 'skip', found };
}

export function foundWarning(check: string, found: string, fix: string): Finding {
  return { check, state: 'warn', found, fix };
}

export function foundFailure(check: string, found: string, fix: string): Finding {
  return { check, state: 'fail', found, fix };
}

export function rootCauseMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Of fetch, the cause says what happened; a host with two addresses fails with both errors and no message.
  const { cause } = error;
  if (cause instanceof AggregateError) return rootCauseMessage(cause.errors[0]);
  return cause instanceof Error ? rootCauseMessage(cause) : error.message;
}
