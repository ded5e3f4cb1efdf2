import { createHash } from 'node:crypto';
import { BALANCES, CHARGE, UNCHARGE } from './lua/account.ts';
import { ACCOUNTS, RAISE, RESET, SPENDING } from './lua/administration.ts';
import { PRELUDE } from './lua/prelude.ts';
import { CHARGE_ABANDONED, GROW, HAND_OVER, HEARTBEAT, SETTLE, UNRESERVE } from './lua/reservation.ts';
import { RESERVE } from './lua/reserve.ts';

/** A script that runs atomically on the server. */
export interface Script {
  readonly source: string;
  /** Names it in the server's cache. */
  readonly sha: string;
}

export const SCRIPTS = {
  reserve: script(RESERVE),
  unreserve: script(UNRESERVE),
  grow: script(GROW),
  settle: script(SETTLE),
  handOver: script(HAND_OVER),
  charge: script(CHARGE),
  uncharge: script(UNCHARGE),
  balances: script(BALANCES),
  heartbeat: script(HEARTBEAT),
  accounts: script(ACCOUNTS),
  spending: script(SPENDING),
  raise: script(RAISE),
  reset: script(RESET),
  chargeAbandoned: script(CHARGE_ABANDONED),
} as const;

function script(body: string): Script {
  const source = `${PRELUDE}${body}`;
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
