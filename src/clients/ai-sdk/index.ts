/**
 * `otel-token-budget/ai-sdk`: a budget for models of the Vercel AI SDK, from any provider.
 */
export { type BudgetOptions, type FailureBilling, NoBudgetError } from '../../calls/index.ts';
export { type BudgetMiddleware, budgetMiddleware } from './budget-middleware.ts';
export type { Model } from './plan.ts';
