import { writeFileSync } from 'node:fs';
import { INTERNAL_VARIABLES, processState } from '../../util/index.ts';

/** Shared by all copies of this package. */
const shared = processState('client-seen', () => ({ isNoted: false }));

/**
 * Notes for `token-budget run` that this process has a client of a model, metered or not, or charged something.
 * Without `run`, and where its file cannot be written, nothing happens.
 */
export function noteClientSeen(): void {
  if (shared.isNoted) return;
  shared.isNoted = true;
  const file = process.env[INTERNAL_VARIABLES.clientSeen];
  if (file === undefined) return;
  try {
    writeFileSync(file, '');
  } catch {
    // The summary of `run` is then less exact.
  }
}
