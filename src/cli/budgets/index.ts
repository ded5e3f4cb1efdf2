export type { AdministerOptions, RaiseOptions } from './raise-reset.ts';
export { raiseBudget, resetBudget } from './raise-reset.ts';
export type { StatusOptions } from './show-status.ts';
export { showStatus } from './show-status.ts';
export type { TopOptions } from './show-top.ts';
export { showTop } from './show-top.ts';
export { type BudgetView, viewsOf } from './budget-view.ts';
