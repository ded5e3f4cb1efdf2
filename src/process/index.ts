export { type JobFileOptions, runJobFile } from './job-process.ts';
export { preloadBudget } from './preload.ts';
