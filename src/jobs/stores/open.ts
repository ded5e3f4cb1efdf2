import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FailurePolicy, Store } from '../../budget/index.ts';
import { DEFAULT_STORE_WAIT_MS, openStore, parseStoreUrl, type StoreUrl } from '../../stores/index.ts';
import type { JobStore } from './job-store.ts';

/** Where a job's ledger is, and where its checkpoints are. */
export interface JobStores {
  readonly ledger: Store;
  readonly jobs: JobStore;
}

/** Where the ledger and the checkpoints of jobs are stored. */
export interface JobStoreSettings {
  /**
   * The directory of the SQLite ledger, if no store is set, and of the jobs' files, if the ledger is in
   * memory; default: `.token-budget`.
   */
  readonly directory?: string | undefined;
  /** `sqlite:PATH`, the URL of a Redis, or `memory`; default: an SQLite ledger in the directory. */
  readonly store?: string | undefined;
  /**
   * Whether calls are sent (`open`) or denied (`closed`) while the ledger is unavailable; default: `closed`.
   */
  readonly failurePolicy?: FailurePolicy | undefined;
  /** How long the answer of the ledger is waited for, milliseconds; default: 10,000. */
  readonly storeWaitMs?: number | undefined;
}

/** The default directory of jobs, relative to the working directory. */
export const JOB_DIRECTORY = '.token-budget';

interface OpenOptions {
  readonly directory: string;
  readonly timeoutMs: number;
}

/**
 * Opens the job store of a ledger. Jobs are stored where the budget is; each kind is loaded only if it is
 * used.
 */
type OpenJobs<Url> = (url: Url, options: OpenOptions) => Promise<JobStore>;

/** One for each kind of store. */
const OPEN_JOBS: { readonly [Kind in StoreUrl['kind']]: OpenJobs<Extract<StoreUrl, { kind: Kind }>> } = {
  memory: async (_, { directory }) => {
    const { FileJobStore } = await import('./files.ts');
    return new FileJobStore(directory);
  },
  sqlite: async ({ path }, { timeoutMs }) => {
    const { SqliteJobStore } = await import('./sqlite.ts');
    return new SqliteJobStore(path, { busyTimeoutMs: timeoutMs });
  },
  redis: async ({ url }, { timeoutMs }) => {
    const { RedisJobStore } = await import('./redis.ts');
    return new RedisJobStore({ url, timeoutMs });
  },
};

/**
 * Opens the ledger and the job store.
 * @throws StoreError if `store` is not a store's URL
 * @throws Error of the file system if the default directory cannot be created
 */
export async function openJobStores(settings: JobStoreSettings = {}): Promise<JobStores> {
  const {
    directory = JOB_DIRECTORY,
    failurePolicy = 'closed',
    storeWaitMs = DEFAULT_STORE_WAIT_MS,
  } = settings;
  // Only the default directory is created: a misspelt path of a ledger would start a new one at zero.
  if (settings.store === undefined) mkdirSync(directory, { recursive: true, mode: 0o700 });
  const store = settings.store ?? `sqlite:${join(directory, 'ledger.db')}`;
  const url = parseStoreUrl(store);
  const openJobs = OPEN_JOBS[url.kind] as OpenJobs<StoreUrl>;
  const ledger = openStore({ store, failurePolicy, storeWaitMs, localQuota: false });
  return { ledger, jobs: await openJobs(url, { directory, timeoutMs: storeWaitMs }) };
}

/** Closes the ledger and the job store. */
export async function closeJobStores({ ledger, jobs }: JobStores): Promise<void> {
  await ledger.close();
  await jobs.close();
}
