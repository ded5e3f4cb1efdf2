export { type JobFileOptions, runJobFile } from './job-process.ts';
export { preloadBudget } from './preload.ts';
export { flush, type StartBudgetOptions, type StartedBudget, startBudget } from './start-budget.ts';
