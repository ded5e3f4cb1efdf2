/**
 * `otel-token-budget/fetch`: a budget for clients that accept a custom `fetch`.
 */
export { type BudgetOptions, type FailureBilling, NoBudgetError } from '../../calls/index.ts';
export { type BudgetFetchOptions, budgetFetch } from './budget-fetch.ts';
