export { formatCost, formatLimit, formatLimitAmount } from './format-limit.ts';
export { type BudgetStatus, statusOf } from './status.ts';
export {
  type BudgetStatusSetting,
  getBudgetStatusMessage,
  isBudgetStatusMessage,
  type StatusFormat,
  type StatusMessageOptions,
} from './status-message.ts';
