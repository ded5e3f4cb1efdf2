export { accountOfReservation, glance, presentAccount } from './accounts.ts';
export { allAccounts, raiseAccount, resetAccount } from './admin.ts';
export { endLapsed } from './expired.ts';
export { chargeAccount, end, endAbandoned, growBy, isOpen, rename, renew, take } from './reservations.ts';
export { spendingOf } from './spending.ts';
