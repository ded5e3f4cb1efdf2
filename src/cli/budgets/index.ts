export { type BudgetView, readBudgetViews } from './budget-view.ts';
export { type ConfirmOptions, confirmLedger } from './confirm-ledger.ts';
export { type RaiseOptions, type ResetOptions, raiseBudget, resetBudget } from './raise-reset.ts';
export { type StatusOptions, showStatus } from './show-status.ts';
export { showTop, type TopOptions } from './show-top.ts';
