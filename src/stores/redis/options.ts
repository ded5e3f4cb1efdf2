import type { StoreError, StoreFinding } from '../../budget/index.ts';
import type { LedgerGuardOptions } from './ledger-guard.ts';

/** Where the ledger is. */
export interface RedisStoreOptions extends LedgerGuardOptions {
  /** redis:// or rediss:// (TLS), with user, password and database if needed. */
  readonly url: string;
  /**
   * The prefix of all keys, in braces; default: `token-budget`. All budgets of one prefix are on one node of
   * a cluster.
   */
  readonly prefix?: string;
  /**
   * How long an answer is waited for before a method rejects, milliseconds, without the time in which this
   * process is blocked; default: 10,000. A command is repeated meanwhile if its connection is lost.
   */
  readonly timeoutMs?: number;
  /**
   * The clock, milliseconds since the epoch. It may be wrong: the server's time is learned from its answers.
   */
  readonly now?: () => number;
  /** Called with each failure of a connection. */
  readonly onFailure?: (error: StoreError) => void;
  /** Called once the store is in use, with each problem of the server's set-up. */
  readonly onFinding?: (finding: StoreFinding) => void;
}
