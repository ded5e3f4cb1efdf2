import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FailurePolicy, Store } from '../../budget/index.ts';
import { ResilientStore } from '../../stores/index.ts';
import type { JobStore } from './job-store.ts';

/** Where a job's ledger and the job itself are kept. */
export interface JobStores {
  readonly ledger: Store;
  readonly jobs: JobStore;
}

/** Where the ledger and the checkpoints of jobs are. */
export interface JobStoreSettings {
  /** Where jobs are kept by default, and their files where the ledger is in memory; `.token-budget` where absent. */
  readonly directory?: string | undefined;
  /** `sqlite:PATH`, the URL of a Redis, or `memory`; an SQLite ledger in the directory where absent. */
  readonly store?: string | undefined;
  /** What happens to calls while the ledger is away; `closed` where absent: they are refused. */
  readonly failurePolicy?: FailurePolicy | undefined;
  /** How long the ledger may take to answer, milliseconds; 5,000 where absent. */
  readonly storeTimeoutMs?: number | undefined;
}

/** Where jobs are kept where nothing else is said, from the working directory. */
export const JOB_DIRECTORY = '.token-budget';

/**
 * Opens the ledger and the place of the jobs, which are kept where the budget lives. Each is loaded where it is used.
 * @throws StoreError where the directory cannot be made
 */
export async function openJobStores(settings: JobStoreSettings = {}): Promise<JobStores> {
  const { directory = JOB_DIRECTORY, failurePolicy = 'closed', storeTimeoutMs = 5_000 } = settings;
  const store = settings.store ?? `sqlite:${join(directory, 'ledger.db')}`;
  if (store === 'memory') {
    const { MemoryStore } = await import('../../stores/index.ts');
    const { FileJobStore } = await import('./files.ts');
    return { ledger: new MemoryStore(), jobs: new FileJobStore(directory) };
  }
  const resilient = (inner: Store): Store =>
    new ResilientStore(inner, { failurePolicy, timeoutMs: 2 * storeTimeoutMs });
  if (store.startsWith('sqlite:')) {
    const path = store.slice('sqlite:'.length);
    // The directory of a ledger that was named has to be there: a name that is misspelt would begin at zero.
    if (settings.store === undefined) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const { SqliteStore } = await import('../../stores/sqlite/index.ts');
    const { SqliteJobStore } = await import('./sqlite.ts');
    return {
      ledger: resilient(new SqliteStore(path, { busyTimeoutMs: storeTimeoutMs })),
      jobs: new SqliteJobStore(path, { busyTimeoutMs: storeTimeoutMs }),
    };
  }
  const { RedisStore } = await import('../../stores/redis/index.ts');
  const { RedisJobStore } = await import('./redis.ts');
  return {
    ledger: resilient(new RedisStore({ url: store, timeoutMs: storeTimeoutMs })),
    jobs: new RedisJobStore({ url: store, timeoutMs: storeTimeoutMs }),
  };
}
