export { FileJobStore } from './files.ts';
export type { FoundCheckpoint, JobLock, JobStore } from './job-store.ts';
export { JOB_DIRECTORY, type JobStoreSettings, type JobStores, openJobStores } from './open.ts';
