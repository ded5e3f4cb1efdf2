export { knownBudgets, reportBudgets } from './budget-registry.ts';
export { noteClientSeen } from './client-seen.ts';
export {
  type BaggagePolicy,
  budgetOfCall,
  currentBudget,
  registerBudget,
  setBaggagePolicy,
  setProcessBudget,
  withBudget,
} from './current-budget.ts';
export {
  checkEnforcement,
  describeUnmetered,
  isAnyClientMetered,
  isEnforced,
  isNotEnforcedReported,
  markHooked,
  markMetered,
  reportNotEnforced,
} from './enforcement.ts';
export { type ChargeableSpan, PENDING_CHARGE, type PendingCharge } from './pending-charge.ts';
