export type { AdministerOptions, RaiseOptions } from './raise-reset.ts';
export { raiseBudget, resetBudget } from './raise-reset.ts';
export type { StatusOptions } from './status.ts';
export { showStatus } from './status.ts';
export type { TopOptions } from './top.ts';
export { showTop } from './top.ts';
export { type BudgetView, viewsOf } from './views.ts';
