export { BALANCES, CHARGE, UNCHARGE } from './account.ts';
export { ACCOUNTS, CONFIRM, RAISE, RESET, SPENDING } from './admin.ts';
export { PRELUDE } from './prelude.ts';
export { CHARGE_ABANDONED, GROW, HEARTBEAT, SETTLE, TRANSFER, UNRESERVE } from './reservation.ts';
export { RESERVE } from './reserve.ts';
export { RESTORE } from './restore.ts';
