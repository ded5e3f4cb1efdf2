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

/** What is left of the earlier runs of a job. */
export interface RecoveredJob {
  /** The newest checkpoint that can be taken; undefined where the job is new. */
  readonly checkpoint: JobCheckpoint | undefined;
  readonly records: readonly CallRecord[];
  /** Says of each checkpoint that was passed over why. */
  readonly warnings: readonly string[];
}

/**
 * The newest checkpoint of a job that can be taken. One that is damaged or no checkpoint at all is passed over, with a warning; it is
 * not touched.
 * @throws CheckpointError where one is of a later version or of another job, or none of them can be taken
 */
export async function recoverJob(store: JobStore, job: string): Promise<RecoveredJob> {
  const warnings: string[] = [];
  const found = await store.checkpoints(job);
  const records = parseCallRecords(await store.records(job));
  for (const { text, location: where, sequence } of found) {
    try {
      const checkpoint = parseCheckpoint(text, job);
      // Those that were passed over keep their numbers.
      const newest = Math.max(checkpoint.sequence, found[0]?.sequence ?? sequence);
      return { checkpoint: { ...checkpoint, sequence: newest }, records, warnings };
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      if (error.fault === 'newer' || error.fault === 'another') {
        throw new CheckpointError(
          error.fault,
          `The checkpoint ${where} cannot be taken: ${error.message}.`,
          error,
        );
      }
      warnings.push(`The checkpoint ${where} was passed over: ${error.message}.`);
    }
  }
  if (found.length === 0) return { checkpoint: undefined, records, warnings };
  throw new CheckpointError(
    'damaged',
    `No checkpoint of the job "${job}" can be taken. ${warnings.join(' ')}`,
  );
}

/** What the ids of the reservations of a job begin with in the ledger, and those of one run of it. */
export function ownerOf(job: string, run?: number): string {
  return `job:${job}#${run === undefined ? '' : `${run}/`}`;
}

/** At most so many calls can have been recorded and not yet charged when the process died. */
const MAX_UNSETTLED = 1_000;

/**
 * Settles what the earlier runs of a job left open, whose processes are known to be dead: a call whose answer was recorded by what it
 * used, the others in full. What was recorded and is in no ledger is charged.
 */
export async function settleEarlierRuns(
  job: string,
  records: readonly CallRecord[],
  store: Store,
  tracker: TokenBudgetTracker,
): Promise<void> {
  for (const { id, charged } of records.slice(-MAX_UNSETTLED)) {
    // Of one that is settled already, this does nothing.
    if (id !== undefined) await store.settle(id, charged.calls === 0 ? NOTHING : charged);
  }
  await tracker.chargeAbandoned(ownerOf(job));
  const tally = new JobCallTotals();
  for (const record of records) tally.add(record);
  const { settled, reserved } = (await tracker.status()).balances;
  const missing = { ...NOTHING };
  for (const [amount] of LIMIT_OF) {
    missing[amount] = Math.max(0, tally.all.charged[amount] - settled[amount] - reserved[amount]);
  }
  if (LIMIT_OF.some(([amount]) => missing[amount] > 0)) await tracker.charge(missing);
}
