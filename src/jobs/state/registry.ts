import { CheckpointError } from '../../budget/index.ts';
import { nanoToUsd } from '../../pricing/index.ts';
import { JobNotFoundError } from '../errors.ts';
import type { JobUnit } from '../payload.ts';
import {
  closeJobStores,
  type JobStore,
  type JobStoreSettings,
  type JobStores,
  openJobStores,
} from '../stores/index.ts';
import type { JobReason } from './checkpoint.ts';
import { recoverJob } from './recovery.ts';

/** A saved job, as of its last checkpoint. */
export interface JobSummary {
  readonly job: string;
  /** `killed`: its last run ended without a final checkpoint. `unreadable`: see `problem`. */
  readonly state: 'running' | 'killed' | 'unreadable' | JobReason;
  readonly name?: string;
  /** The file of its definition, if the command ran it. */
  readonly file?: string | undefined;
  readonly stepsCompleted?: number;
  readonly runs?: number;
  readonly unit?: JobUnit;
  /** Tokens it was charged. */
  readonly tokens?: number;
  /** USD it was charged. */
  readonly costUsd?: number;
  /** ISO 8601. */
  readonly updatedAt?: string;
  /** Why it is unreadable. */
  readonly problem?: string;
}

/** Where jobs are saved: settings, or open stores, which stay open. */
export interface JobLocation extends JobStoreSettings {
  readonly stores?: JobStores | undefined;
}

/** Returns the saved jobs, the most recently updated first. */
export async function listJobs(location: JobLocation = {}): Promise<readonly JobSummary[]> {
  return withJobStore(location, async (jobs) => {
    const summaries = await Promise.all((await jobs.jobs()).map((job) => summarize(jobs, job)));
    return summaries.sort((a, b) => (b.updatedAt ?? '').localeCompare(a.updatedAt ?? ''));
  });
}

/**
 * Returns the summary of a saved job.
 * @throws JobNotFoundError if there is none with that id
 */
export async function findJobSummary(job: string, location: JobLocation = {}): Promise<JobSummary> {
  return withJobStore(location, async (jobs) => {
    const known = await jobs.jobs();
    if (!known.includes(job)) throw new JobNotFoundError(job, jobs.location, known);
    return summarize(jobs, job);
  });
}

async function withJobStore<T>(location: JobLocation, run: (jobs: JobStore) => Promise<T>): Promise<T> {
  const stores = location.stores ?? (await openJobStores(location));
  try {
    return await run(stores.jobs);
  } finally {
    if (location.stores === undefined) await closeJobStores(stores);
  }
}

async function summarize(jobs: JobStore, job: string): Promise<JobSummary> {
  try {
    const { checkpoint } = await recoverJob(jobs, job);
    if (checkpoint === undefined) return { job, state: 'killed' };
    const { settled } = checkpoint.tracker.balances;
    const isRunning = checkpoint.state === 'running' && (await jobs.isLocked(job));
    return {
      job,
      state: checkpoint.state === 'running' && !isRunning ? 'killed' : checkpoint.state,
      name: checkpoint.name,
      file: checkpoint.file,
      stepsCompleted: checkpoint.steps.filter(({ state }) => state === 'completed').length,
      runs: checkpoint.run,
      unit: checkpoint.unit,
      tokens: settled.tokens,
      costUsd: nanoToUsd(settled.costNanoUsd),
      updatedAt: new Date(checkpoint.updatedAt).toISOString(),
    };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return { job, state: 'unreadable', problem: error.message };
  }
}
