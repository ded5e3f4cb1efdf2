/**
 * `otel-token-budget/fetch`: a budget for clients that take a `fetch` of their own.
 */
export { type BudgetOptions, NoBudgetError } from '../../calls/index.ts';
export { type BudgetFetchOptions, budgetFetch } from './budget-fetch.ts';
