import { createHash } from 'node:crypto';
import {
  ACCOUNTS,
  BALANCES,
  CHARGE,
  CHARGE_ABANDONED,
  CONFIRM,
  GROW,
  HEARTBEAT,
  PRELUDE,
  RAISE,
  RESERVE,
  RESET,
  RESTORE,
  SETTLE,
  SPENDING,
  TRANSFER,
  UNCHARGE,
  UNRESERVE,
} from './lua/index.ts';

/** A script that runs atomically on the server. */
export interface Script {
  readonly source: string;
  /** Its SHA-1, by which the server caches it. */
  readonly sha: string;
}

/** The scripts of the ledger. */
export const SCRIPTS = {
  reserve: makeScript(RESERVE),
  unreserve: makeScript(UNRESERVE),
  grow: makeScript(GROW),
  settle: makeScript(SETTLE),
  transfer: makeScript(TRANSFER),
  charge: makeScript(CHARGE),
  uncharge: makeScript(UNCHARGE),
  balances: makeScript(BALANCES),
  heartbeat: makeScript(HEARTBEAT),
  accounts: makeScript(ACCOUNTS),
  spending: makeScript(SPENDING),
  raise: makeScript(RAISE),
  reset: makeScript(RESET),
  restore: makeScript(RESTORE),
  confirm: makeScript(CONFIRM),
  chargeAbandoned: makeScript(CHARGE_ABANDONED),
} as const;

function makeScript(body: string): Script {
  const source = `${PRELUDE}${body}`;
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
