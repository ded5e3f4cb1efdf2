export { FileJobStore } from './files.ts';
export type { JobLock, JobStore, StoredCheckpoint } from './job-store.ts';
export {
  closeJobStores,
  JOB_DIRECTORY,
  type JobStoreSettings,
  type JobStores,
  openJobStores,
} from './open.ts';
