import { createHash } from 'node:crypto';
import {
  ACCOUNTS,
  BALANCES,
  CHARGE,
  CHARGE_ABANDONED,
  GROW,
  HAND_OVER,
  HEARTBEAT,
  PRELUDE,
  RAISE,
  RESERVE,
  RESET,
  SETTLE,
  SPENDING,
  UNCHARGE,
  UNRESERVE,
} from './lua/index.ts';

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
