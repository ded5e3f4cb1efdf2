export { findReservedAccount, openAccount, readBalances } from './accounts.ts';
export { confirmLedger, listAccounts, raiseAccount, resetAccount } from './admin.ts';
export { takeTurn } from './charges.ts';
export { chargeExpired } from './expired.ts';
export {
  chargeAbandonedReservations,
  chargeAccount,
  extendLease,
  growReservation,
  insertReservation,
  isReservationOpen,
  settleReservation,
  transferReservation,
} from './reservations.ts';
export { readSpending } from './spending.ts';
