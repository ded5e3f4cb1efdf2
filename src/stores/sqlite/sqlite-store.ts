import {
  type Abandoned,
  type Account,
  type Admission,
  type Amounts,
  decideAdmission,
  canAfford,
  type Balances,
  type BudgetDefinition,
  checkGrant,
  type Grant,
  type LedgerAccount,
  type LedgerAdmin,
  NOTHING,
  type ReserveRequest,
  type SettledBalances,
  type Spending,
  type Store,
} from '../../budget/index.ts';
import { andThen, type MaybePromise } from '../../util/index.ts';
import type { SqliteConnection } from './connection.ts';
import { LedgerFile } from './ledger-file.ts';
import {
  accountOfReservation,
  allAccounts,
  chargeAccount,
  end,
  endAbandoned,
  endLapsed,
  glance,
  growBy,
  isOpen,
  presentAccount,
  raiseAccount,
  rename,
  renew,
  resetAccount,
  spendingOf,
  take,
} from './queries/index.ts';

export interface SqliteStoreOptions {
  /** The clock, milliseconds since the epoch; the same for all processes that share the file. */
  readonly now?: () => number;
  /** How long a call waits for other processes to let go of the file before it rejects, milliseconds; 5,000 where absent. */
  readonly busyTimeoutMs?: number;
}

/**
 * A ledger in an SQLite file, shared by the processes of one host. Opened when it is first used; made, for its owner alone, where
 * there is none. An empty file is a new ledger. The file has to be on a local disk.
 *
 * Answers at once where the file is free, and with a promise where another process holds it: the event loop goes on meanwhile.
 * What fails is a rejected promise, never thrown; nothing was changed then, and the next call tries anew.
 *
 * What was answered outlives the process, `kill -9` included. A loss of power may take back the last of it; the file stays sound.
 */
export class SqliteStore implements Store, LedgerAdmin {
  readonly #file: LedgerFile;
  readonly #clock: () => number;

  /**
   * @param path of the file, whose directory exists; a relative one is of the working directory of now
   * @throws RangeError where the timeout is not a number from 0
   */
  constructor(path: string, { now = Date.now, busyTimeoutMs }: SqliteStoreOptions = {}) {
    this.#file = new LedgerFile(path, busyTimeoutMs);
    this.#clock = now;
  }

  reserve(chain: readonly BudgetDefinition[], request: ReserveRequest): MaybePromise<Admission> {
    return this.#write((connection, now) => {
      const accounts = chain.map((budget) => ({ budget, ...presentAccount(connection, budget, now) }));
      const admission = decideAdmission(accounts, request, now);
      if (admission.admitted) {
        take(connection, request.id, accounts, admission.reserved, now + Math.ceil(request.leaseMs));
      }
      return admission;
    });
  }

  grow(chain: readonly BudgetDefinition[], id: string, more: Amounts): MaybePromise<boolean> {
    return this.#write((connection, now) => {
      if (!isOpen(connection, id, now)) return false;
      const accounts = chain.flatMap((budget): Account[] => {
        const account = accountOfReservation(connection, id, budget, now);
        return account === undefined ? [] : [{ budget, balances: account.balances }];
      });
      if (!canAfford(accounts, more)) return false;
      growBy(connection, id, more);
      return true;
    });
  }

  settle(id: string, used: Amounts, seen?: SettledBalances): MaybePromise<boolean> {
    return andThen(
      this.#write((connection, now) => end(connection, id, used, now)),
      (left) => {
        if (seen !== undefined) for (const [budget, balances] of left ?? []) seen.set(budget, balances);
        return left !== undefined;
      },
    );
  }

  release(id: string): MaybePromise<boolean> {
    return this.settle(id, NOTHING);
  }

  transfer(id: string, to: string, leaseMs: number): MaybePromise<boolean> {
    return this.#write((connection, now) => {
      if (isOpen(connection, to, 0)) endLapsed(connection, now);
      if (!isOpen(connection, id, now) || isOpen(connection, to, now)) return false;
      rename(connection, id, to, now + Math.ceil(leaseMs));
      return true;
    });
  }

  charge(chain: readonly BudgetDefinition[], used: Amounts): MaybePromise<void> {
    return this.#write((connection, now) => {
      for (const budget of chain) {
        chargeAccount(connection, presentAccount(connection, budget, now), used, now);
      }
    });
  }

  balances(budget: BudgetDefinition): MaybePromise<Balances> {
    return this.#file.answer((connection) => {
      const now = this.#now();
      const seen = connection.read(() => glance(connection, budget, now));
      if (seen !== undefined) return seen;
      return connection.write(() => presentAccount(connection, budget, now).balances);
    });
  }

  heartbeat(ids: readonly string[], leaseMs: number): MaybePromise<void> {
    if (ids.length === 0) return;
    return this.#write((connection, now) => {
      for (const id of ids) renew(connection, id, now, now + Math.ceil(leaseMs));
    });
  }

  accounts(): MaybePromise<readonly LedgerAccount[]> {
    return this.#writeAfterLapsed((connection) => allAccounts(connection));
  }

  spending(budget: string): MaybePromise<readonly Spending[]> {
    return this.#writeAfterLapsed((connection, now) => spendingOf(connection, budget, now));
  }

  raise(budget: BudgetDefinition, grant: Grant): MaybePromise<Balances> {
    checkGrant(grant);
    return this.#write((connection, now) => raiseAccount(connection, budget, grant, now));
  }

  reset(budget: BudgetDefinition): MaybePromise<Balances> {
    return this.#write((connection, now) => resetAccount(connection, budget, now));
  }

  chargeAbandoned(idPrefix: string): MaybePromise<readonly Abandoned[]> {
    return this.#writeAfterLapsed((connection, now) => endAbandoned(connection, idPrefix, now));
  }

  /** Lets go of the file once the calls that wait for it have their answers. Calls after it reject. */
  close(): MaybePromise<void> {
    return this.#file.close();
  }

  /** A transaction that looks at the whole ledger: all leases that have ended are charged before. */
  #writeAfterLapsed<T>(work: (connection: SqliteConnection, now: number) => T): MaybePromise<T> {
    return this.#write((connection, now) => {
      endLapsed(connection, now);
      return work(connection, now);
    });
  }

  /** A transaction. The accounts that it decides by are those of which the leases that have ended are charged. */
  #write<T>(work: (connection: SqliteConnection, now: number) => T): MaybePromise<T> {
    return this.#file.answer((connection) =>
      connection.write(() => {
        // After the wait for the file: decisions of all processes are in the order of their times.
        return work(connection, this.#now());
      }),
    );
  }

  #now(): number {
    return Math.floor(this.#clock());
  }
}
