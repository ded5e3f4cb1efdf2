export { knownBudgets, reportBudgets } from './budget-registry.ts';
export {
  type BaggagePolicy,
  currentBudget,
  registerBudget,
  setBaggagePolicy,
  withBudget,
} from './current-budget.ts';
export { attachCharge, chargeOf, type PendingCharge, settledCharge } from './pending-charge.ts';
