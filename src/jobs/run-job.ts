import { VERSION } from '../util/index.ts';
import { randomUUID } from 'node:crypto';
import { type BudgetDefinition, CheckpointError, type Store } from '../budget/index.ts';
import { preloaded } from '../calls/index.ts';
import { reportEvents } from '../telemetry/signals/index.ts';
import { exitBySignal, listenForStopSignals } from './control/index.ts';
import { checkJobId, defineJob, type JobDefinition } from './definition.ts';
import { JobDefinitionError, JobNotFoundError } from './errors.ts';
import { initializeTokenBudgetForJob, type JobBudgetOptions, hasBudget } from './job-budget.ts';
import { LongRunningOrchestrator } from './orchestrator.ts';
import { checkJobPayload, type JobPayload, type JobUnit } from './payload.ts';
import type { JobResult } from './result/index.ts';
import type { JobRunOptions } from './run-options.ts';
import { type RecoveredJob, recoverJob, type JobCheckpoint, ownerOf, settleEarlierRuns } from './state/index.ts';
import { type JobStore, type JobStoreSettings, type JobStores, openJobStores } from './stores/index.ts';

/** Which job it is, where it is kept, and what its budget and its run are. */
export interface RunJobOptions
  extends JobStoreSettings,
    JobRunOptions,
    Pick<JobBudgetOptions, 'wallClock' | 'mode' | 'prices' | 'maxShare' | 'minOutputTokens'> {
  /** Names the job: letters, digits, or `. _ -`. A job that is there goes on; the definition's name and a random part where absent. */
  readonly id?: string | undefined;
  /** `new`: the id must not be there yet; `resume`: it has to be. Either is fine where absent. */
  readonly expect?: 'new' | 'resume' | undefined;
  /** A budget that the job's calls are charged on as well, in the same ledger. */
  readonly parent?: BudgetDefinition | undefined;
  /** How long a call may wait for open reservations to settle before it is denied, milliseconds; 0 where absent. */
  readonly waitMs?: number | undefined;
  /** How long a reservation outlives its process, milliseconds; 60,000 where absent. */
  readonly leaseMs?: number | undefined;
  /**
   * SIGTERM and SIGINT stop the job, and end the process by that signal in the turn after the result was given; true where absent.
   * With false they are the program's to handle.
   */
  readonly handleSignals?: boolean | undefined;
  /** A ledger and a place of jobs of your own, which stay open, instead of those that the settings name. */
  readonly stores?: JobStores | undefined;
}

/**
 * Runs a job to its end, or goes on with one that was stopped or killed: opens its ledger and its checkpoints, makes its tracker,
 * runs its steps, and reports it to OpenTelemetry.
 *
 * Calls of the openai SDK are charged where they are instrumented: under the preload, or by `meterClient`.
 * @throws JobDefinitionError where the definition, the payload or an option is wrong
 * @throws JobRunningError where the job runs already
 * @throws CheckpointError where what was kept of it cannot be taken
 * @throws StoreError where the ledger or the checkpoints cannot be used
 */
export async function runJob(
  definition: JobDefinition,
  payload: JobPayload = {},
  options: RunJobOptions = {},
): Promise<JobResult> {
  defineJob(definition);
  checkJobPayload(payload);
  const id = checkJobId(options.id ?? newJobId(definition));
  // The job's own spans come before its first call.
  preloaded()?.startTelemetry();
  reportEvents(VERSION);
  const stores = options.stores ?? (await openJobStores(options));
  const signals = options.handleSignals === false ? undefined : listenForStopSignals();
  try {
    return await locked(id, stores, (lock) => {
      const stop = [options.signal, signals?.signal].filter((one) => one !== undefined);
      return runHeld(definition, payload, { ...options, id, signal: AbortSignal.any(stop) }, stores, lock);
    });
  } finally {
    signals?.close();
    if (options.stores === undefined) {
      await stores.ledger.close();
      await stores.jobs.close();
    }
    const received = signals?.received();
    // Whoever waits for the result has it first.
    if (received !== undefined) setImmediate(() => exitBySignal(received));
  }
}

/** An id for a job that has none: its name, as far as ids take it, and a random part. */
export function newJobId({ name }: JobDefinition): string {
  const readable = name
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, 60);
  return `${readable === '' ? 'job' : readable}-${randomUUID().slice(0, 8)}`;
}

async function locked<T>(
  id: string,
  { jobs }: JobStores,
  run: (lock: AbortSignal) => Promise<T>,
): Promise<T> {
  const lock = await jobs.lock(id);
  try {
    return await run(lock.signal);
  } finally {
    await lock.release();
  }
}

async function runHeld(
  definition: JobDefinition,
  payload: JobPayload,
  options: RunJobOptions & { readonly id: string },
  { ledger, jobs }: JobStores,
  lock: AbortSignal,
): Promise<JobResult> {
  const found = await recoverJob(jobs, options.id);
  const from = await expected(found, definition, options, jobs);
  const run = (from?.run ?? 0) + 1;
  const owner = ownerOf(options.id, run);
  const unit = options.unit ?? from?.unit ?? 'tokens';
  const wanted = from === undefined || hasBudget(payload) ? payload : from.payload;
  const tracker = await trackerOf(wanted, from, options, { ledger, owner, unit, keep: wanted !== payload });
  await settleEarlierRuns(options.id, found.records, ledger, tracker);
  const { input, signal, deadline, graceMs, repeat, file } = options;
  const orchestrator = new LongRunningOrchestrator({
    job: options.id,
    name: definition.name,
    tracker,
    store: jobs,
    checkpoint: from,
    records: found.records,
    warnings: found.warnings,
    owner,
    payload: wanted,
    unit,
    concurrency: definition.concurrency,
    lock,
    input,
    signal,
    deadline,
    graceMs,
    repeat,
    file,
  });
  return orchestrator.run(definition.steps);
}

async function expected(
  { checkpoint }: RecoveredJob,
  { name }: JobDefinition,
  { id, expect }: { id: string; expect?: RunJobOptions['expect'] },
  jobs: JobStore,
): Promise<JobCheckpoint | undefined> {
  if (checkpoint === undefined && expect === 'resume')
    throw new JobNotFoundError(id, jobs.location, await jobs.jobs());
  if (checkpoint !== undefined && expect === 'new') {
    throw new JobDefinitionError(
      `id: given "${id}", which is the id of a job in ${jobs.location}; resume that, or give another id.`,
    );
  }
  if (checkpoint !== undefined && checkpoint.name !== name) {
    throw new CheckpointError(
      'another',
      `The job "${id}" is a "${checkpoint.name}", not a "${name}": give another id.`,
    );
  }
  return checkpoint;
}

/** With `keep`, the limits stay those of the checkpoint. */
function trackerOf(
  payload: JobPayload,
  from: JobCheckpoint | undefined,
  options: RunJobOptions & { readonly id: string },
  { ledger, owner, unit, keep }: { ledger: Store; owner: string; unit: JobUnit; keep: boolean },
) {
  const { wallClock, mode, parent, prices, maxShare, minOutputTokens, waitMs, leaseMs, id } = options;
  const given = { wallClock, mode, parent, prices, maxShare, minOutputTokens, unit, owner, store: ledger };
  const waits = {
    ...(waitMs === undefined ? {} : { waitMs }),
    ...(leaseMs === undefined ? {} : { leaseMs }),
  };
  return initializeTokenBudgetForJob(keep ? {} : payload, from?.tracker, {
    ...given,
    ...waits,
    name: `job:${id}`,
  });
}
