import { randomUUID } from 'node:crypto';
import { type BudgetDefinition, CheckpointError, NotEnforcedError } from '../budget/index.ts';
import { getPreloaded } from '../calls/index.ts';
import { isEnforced } from '../telemetry/context/index.ts';
import { reportEvents } from '../telemetry/signals/index.ts';
import { VERSION } from '../util/index.ts';
import { exitBySignal, listenForStopSignals } from './control/index.ts';
import { checkJobId, checkName, defineJob, type JobDefinition } from './definition.ts';
import { JobDefinitionError, JobNotFoundError } from './errors.ts';
import { type JobBudgetOptions, openJobTracker } from './job-budget.ts';
import { LongRunningOrchestrator } from './orchestrator.ts';
import { checkJobPayload, hasBudget, type JobPayload } from './payload.ts';
import type { JobResult } from './result/index.ts';
import type { JobRunOptions } from './run-options.ts';
import { type JobCheckpoint, ownerOf, recoverJob, settleEarlierRuns } from './state/index.ts';
import { closeJobStores, type JobStoreSettings, type JobStores, openJobStores } from './stores/index.ts';

/** Which job to run, where it is saved, and how its budget and its run are set up. */
export interface RunJobOptions
  extends JobStoreSettings,
    JobRunOptions,
    Pick<
      JobBudgetOptions,
      'wallClock' | 'mode' | 'prices' | 'maxShare' | 'minOutputTokens' | 'detached' | 'requireEnforcement'
    > {
  /**
   * The job's id: letters, digits, or `. _ -`. A saved job with this id is resumed. Default: the definition's
   * name and a random part.
   */
  readonly id?: string | undefined;
  /** `new` rejects an id that exists, `resume` one that does not; default: both are accepted. */
  readonly expect?: 'new' | 'resume' | undefined;
  /** A budget in the same ledger that is charged for the job's calls as well. */
  readonly parent?: BudgetDefinition | undefined;
  /**
   * How long a call may wait for open reservations to settle before it is denied, milliseconds; default: 0.
   */
  readonly waitMs?: number | undefined;
  /** How long a reservation outlives its process, milliseconds; default: 60,000. */
  readonly leaseMs?: number | undefined;
  /**
   * Whether SIGTERM and SIGINT stop the job and, in the turn after its result was returned, end the process
   * by that signal; false leaves them to the program. Default: true.
   */
  readonly handleSignals?: boolean | undefined;
  /** Open stores to use, and to leave open, instead of those that the settings name. */
  readonly stores?: JobStores | undefined;
}

/** A checked job, ready to run. */
interface PreparedJob {
  readonly id: string;
  readonly definition: JobDefinition;
  readonly payload: JobPayload;
  readonly options: RunJobOptions;
  readonly stores: JobStores;
}

/**
 * Runs a job to its end, or resumes one that was stopped or killed: opens its ledger and its checkpoints,
 * creates its tracker, runs its steps, and reports it to OpenTelemetry.
 *
 * Calls of the openai SDK are charged if they are instrumented: by the preload, or by `instrumentClient`.
 * @throws JobDefinitionError if the definition, the payload or an option is invalid
 * @throws JobNotFoundError if a job was to be resumed that does not exist
 * @throws JobRunningError if the job is already running
 * @throws CheckpointError if its checkpoints cannot be used
 * @throws StoreError if the ledger or the checkpoints cannot be read or written
 * @throws NotEnforcedError if enforcement is required and no client of the process is metered
 * @example
 * ```ts
 * const result = await runJob(job, { costBudgetUsd: 2 }, { id: 'report-17' });
 * console.log(formatJobResult(result));
 * ```
 */
export async function runJob(
  definition: JobDefinition,
  payload: JobPayload = {},
  options: RunJobOptions = {},
): Promise<JobResult> {
  defineJob(definition);
  const checked = checkJobPayload(payload);
  const id = checkJobId(options.id ?? newJobId(definition));
  if (options.requireEnforcement === true && !isEnforced()) throw new NotEnforcedError(`job:${id}`, 'runJob');
  // The job's own spans precede its first call.
  getPreloaded()?.startTelemetry();
  reportEvents(VERSION);
  const stores = options.stores ?? (await openJobStores(options));
  const stopSignals = options.handleSignals === false ? undefined : listenForStopSignals();
  const signals = [options.signal, stopSignals?.signal].filter((signal) => signal !== undefined);
  const runOptions = { ...options, signal: AbortSignal.any(signals) };
  try {
    return await runLocked({ id, definition, payload: checked, options: runOptions, stores });
  } finally {
    stopSignals?.close();
    if (options.stores === undefined) await closeJobStores(stores);
    const received = stopSignals?.received();
    // The caller gets the result first.
    if (received !== undefined) setImmediate(() => exitBySignal(received));
  }
}

/**
 * Returns an id for a new job: the letters and digits of its name, and a random part.
 * @throws JobDefinitionError if the name is invalid
 */
export function newJobId({ name }: JobDefinition): string {
  checkName('job.name', name);
  const readable = name
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, 60);
  return `${readable === '' ? 'job' : readable}-${randomUUID().slice(0, 8)}`;
}

async function runLocked(job: PreparedJob): Promise<JobResult> {
  const lock = await job.stores.jobs.lock(job.id);
  try {
    return await runRecovered(job, lock.signal);
  } finally {
    await lock.release();
  }
}

/** Runs a job from its last checkpoint, if it has one. */
async function runRecovered(job: PreparedJob, lock: AbortSignal): Promise<JobResult> {
  const { id, definition, options, stores } = job;
  const { checkpoint, records, warnings } = await recoverJob(stores.jobs, id);
  await checkExpectation(job, checkpoint);
  const owner = ownerOf(id, (checkpoint?.run ?? 0) + 1);
  const unit = options.unit ?? checkpoint?.unit ?? 'tokens';
  const { mode, parent, maxShare, minOutputTokens, prices, wallClock, waitMs, leaseMs, detached } = options;
  const tracker = await openJobTracker(job.payload, checkpoint?.tracker, {
    name: `job:${id}`,
    store: stores.ledger,
    owner,
    unit,
    mode,
    parent,
    maxShare,
    minOutputTokens,
    prices,
    wallClock,
    waitMs,
    leaseMs,
    detached,
  });
  await settleEarlierRuns(id, records, stores.ledger, tracker);
  const orchestrator = new LongRunningOrchestrator({
    ...options,
    job: id,
    name: definition.name,
    tracker,
    store: stores.jobs,
    checkpoint,
    records,
    warnings,
    owner,
    payload: checkpoint === undefined || hasBudget(job.payload) ? job.payload : checkpoint.payload,
    unit,
    concurrency: definition.concurrency,
    lock,
  });
  return orchestrator.run(definition.steps);
}

/** Checks that the saved job, if there is one, is the job that the caller wants to run. */
async function checkExpectation(
  { id, definition, options, stores: { jobs } }: PreparedJob,
  checkpoint: JobCheckpoint | undefined,
): Promise<void> {
  if (checkpoint === undefined) {
    if (options.expect === 'resume') throw new JobNotFoundError(id, jobs.location, await jobs.jobs());
    return;
  }
  if (options.expect === 'new') {
    throw new JobDefinitionError(
      `id: got "${id}", which is the id of a job in ${jobs.location}; resume that job, or choose another id.`,
    );
  }
  if (checkpoint.name !== definition.name) {
    throw new CheckpointError(
      'another',
      `The job "${id}" is a "${checkpoint.name}", not a "${definition.name}": choose another id.`,
    );
  }
}
