import {
  CheckpointError,
  LIMIT_OF,
  NOTHING,
  type Store,
  type TokenBudgetTracker,
} from '../../budget/index.ts';
import type { JobStore } from '../stores/index.ts';
import { type CallRecord, parseCallRecords } from './call-record.ts';
import { JobCallTotals } from './call-totals.ts';
import { type JobCheckpoint, parseCheckpoint } from './checkpoint.ts';

/** The saved state of the earlier runs of a job. */
export interface RecoveredJob {
  /** The newest checkpoint that can be used; undefined if the job is new. */
  readonly checkpoint: JobCheckpoint | undefined;
  readonly records: readonly CallRecord[];
  /** Why each newer checkpoint was skipped. */
  readonly warnings: readonly string[];
}

/**
 * Reads the saved state of a job: its newest checkpoint that can be used. A damaged or foreign one is skipped
 * with a warning and left as it is.
 * @throws CheckpointError if one is of a later version or of another job, or none can be used
 */
export async function recoverJob(store: JobStore, job: string): Promise<RecoveredJob> {
  const warnings: string[] = [];
  const stored = await store.checkpoints(job);
  const records = parseCallRecords(await store.records(job));
  for (const { text, location, sequence } of stored) {
    try {
      const checkpoint = parseCheckpoint(text, job);
      // Numbers of skipped checkpoints are not reused.
      const newest = Math.max(checkpoint.sequence, stored[0]?.sequence ?? sequence);
      return { checkpoint: { ...checkpoint, sequence: newest }, records, warnings };
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      const { fault, message } = error;
      if (fault === 'newer' || fault === 'another') {
        throw new CheckpointError(fault, `The checkpoint ${location} cannot be used: ${message}.`, error);
      }
      warnings.push(`The checkpoint ${location} was skipped: ${message}.`);
    }
  }
  if (stored.length === 0) return { checkpoint: undefined, records, warnings };
  throw new CheckpointError(
    'damaged',
    `No checkpoint of the job "${job}" can be used. ${warnings.join(' ')}`,
  );
}

/** Returns the prefix of a job's reservation ids in the ledger, or of those of one run. */
export function ownerOf(job: string, run?: number): string {
  return `job:${job}#${run === undefined ? '' : `${run}/`}`;
}

/** How many recorded calls may have been waiting to be charged when the process died. */
const MAX_UNSETTLED = 1_000;

/**
 * Settles the open reservations of a job's earlier runs, whose processes have to be dead: a call that was
 * recorded is charged by its usage, any other in full. Recorded calls that the ledger lacks are charged too.
 */
export async function settleEarlierRuns(
  job: string,
  records: readonly CallRecord[],
  store: Store,
  tracker: TokenBudgetTracker,
): Promise<void> {
  for (const { id, charged } of records.slice(-MAX_UNSETTLED)) {
    // Settling a reservation again has no effect.
    if (id !== undefined) await store.settle(id, charged.calls === 0 ? NOTHING : charged);
  }
  await tracker.chargeAbandoned(ownerOf(job));
  const totals = new JobCallTotals();
  for (const record of records) totals.add(record);
  const { settled, reserved } = (await tracker.status()).balances;
  const missing = { ...NOTHING };
  for (const [amount] of LIMIT_OF) {
    missing[amount] = Math.max(0, totals.all.charged[amount] - settled[amount] - reserved[amount]);
  }
  if (LIMIT_OF.some(([amount]) => missing[amount] > 0)) await tracker.charge(missing);
}
