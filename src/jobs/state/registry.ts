import { CheckpointError, readSnapshot } from '../../budget/index.ts';
import { nanoToUsd } from '../../pricing/index.ts';
import { JobNotFoundError } from '../errors.ts';
import type { JobUnit } from '../payload.ts';
import { type JobStore, type JobStoreSettings, openJobStores } from '../stores/index.ts';
import type { JobReason } from './checkpoint.ts';
import { recoverJob } from './recovery.ts';

/** A job as it was last kept. */
export interface JobSummary {
  readonly job: string;
  /** `killed`: its last run did not live to say how it ended. `unreadable`: see `problem`. */
  readonly state: 'running' | 'killed' | 'unreadable' | JobReason;
  readonly name?: string;
  /** The file of its definition, where the command ran it. */
  readonly file?: string | undefined;
  readonly stepsCompleted?: number;
  readonly runs?: number;
  readonly unit?: JobUnit;
  /** What it was charged, as it was last kept. */
  readonly tokens?: number;
  readonly costUsd?: number;
  /** ISO 8601. */
  readonly updatedAt?: string;
  readonly problem?: string;
}

/** The jobs that are kept where these settings say, the latest first. */
export async function listJobs(settings: JobStoreSettings = {}): Promise<readonly JobSummary[]> {
  return within(settings, async (jobs) => {
    const summaries = await Promise.all((await jobs.jobs()).map((job) => summaryOf(jobs, job)));
    return summaries.sort((a, b) => (b.updatedAt ?? '').localeCompare(a.updatedAt ?? ''));
  });
}

/** @throws JobNotFoundError where there is none of that id */
export async function findJobSummary(job: string, settings: JobStoreSettings = {}): Promise<JobSummary> {
  return within(settings, async (jobs) => {
    const known = await jobs.jobs();
    if (!known.includes(job)) throw new JobNotFoundError(job, jobs.location, known);
    return summaryOf(jobs, job);
  });
}

async function within<T>(settings: JobStoreSettings, run: (jobs: JobStore) => Promise<T>): Promise<T> {
  const { ledger, jobs } = await openJobStores(settings);
  try {
    return await run(jobs);
  } finally {
    await ledger.close();
    await jobs.close();
  }
}

async function summaryOf(jobs: JobStore, job: string): Promise<JobSummary> {
  try {
    const { checkpoint } = await recoverJob(jobs, job);
    if (checkpoint === undefined) return { job, state: 'killed' };
    const { settled } = readSnapshot(checkpoint.tracker).balances;
    const running = checkpoint.state === 'running' && (await jobs.isLocked(job));
    return {
      job,
      state: checkpoint.state !== 'running' ? checkpoint.state : running ? 'running' : 'killed',
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
