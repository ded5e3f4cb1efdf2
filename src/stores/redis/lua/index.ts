export { BALANCES, CHARGE, UNCHARGE } from './account.ts';
export { ACCOUNTS, RAISE, RESET, SPENDING } from './admin.ts';
export { PRELUDE } from './prelude.ts';
export { CHARGE_ABANDONED, GROW, HEARTBEAT, SETTLE, TRANSFER, UNRESERVE } from './reservation.ts';
export { RESERVE } from './reserve.ts';
