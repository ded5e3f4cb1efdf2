export { type BudgetView, readBudgetViews } from './budget-view.ts';
export type { RaiseOptions, ResetOptions } from './raise-reset.ts';
export { raiseBudget, resetBudget } from './raise-reset.ts';
export type { StatusOptions } from './show-status.ts';
export { showStatus } from './show-status.ts';
export type { TopOptions } from './show-top.ts';
export { showTop } from './show-top.ts';
