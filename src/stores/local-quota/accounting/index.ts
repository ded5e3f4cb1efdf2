export { excessOver, fitsWithin, isNothing, mapAmounts } from './amounts.ts';
export { CallRate } from './call-rate.ts';
export { KnownBalances, type KnownBudget, type Moment, type RemoteStore } from './known-balances.ts';
export type { QuotaTotals } from './quota-totals.ts';
export { UnconfirmedQuotas } from './unconfirmed-quotas.ts';
