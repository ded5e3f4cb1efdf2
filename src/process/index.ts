export { type JobFileOptions, runJobFile } from './job-process.ts';
export { preload } from './preload.ts';
