export { BALANCES, CHARGE, UNCHARGE } from './account.ts';
export { ACCOUNTS, RAISE, RESET, SPENDING } from './admin.ts';
export { PRELUDE } from './prelude.ts';
export { CHARGE_ABANDONED, GROW, HAND_OVER, HEARTBEAT, SETTLE, UNRESERVE } from './reservation.ts';
export { RESERVE } from './reserve.ts';
