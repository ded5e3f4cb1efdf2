import {
  type Abandoned,
  type Account,
  type Admission,
  type Amounts,
  type Balances,
  type BudgetDefinition,
  type ChargeName,
  canAfford,
  checkGrant,
  decideAdmission,
  type Grant,
  type LedgerAccount,
  type LedgerAdmin,
  NOTHING,
  type ReserveRequest,
  type SettledBalances,
  type Spending,
  type Store,
} from '../../budget/index.ts';
import { andThen, BoundedMap, type MaybePromise } from '../../util/index.ts';
import type { SqliteConnection } from './connection.ts';
import { LedgerFile } from './ledger-file.ts';
import {
  chargeAbandonedReservations,
  chargeAccount,
  chargeExpired,
  confirmLedger,
  extendLease,
  findReservedAccount,
  growReservation,
  insertReservation,
  isReservationOpen,
  listAccounts,
  openAccount,
  raiseAccount,
  readBalances,
  readSpending,
  resetAccount,
  settleReservation,
  takeTurn,
  transferReservation,
} from './queries/index.ts';

/** How many open reservations of this process are remembered. */
const MAX_RESERVED = 10_000;

/** The budgets of a reservation, and which file it was made in. */
interface MadeReservation {
  readonly chain: readonly BudgetDefinition[];
  readonly replacements: number;
}

/** Options of an SQLite store. */
export interface SqliteStoreOptions {
  /** The clock, milliseconds since the epoch; the same for all processes that share the file. */
  readonly now?: () => number;
  /**
   * How long a call waits for other processes to release the file before it rejects, milliseconds, without
   * the time in which this process is blocked; default: 10,000.
   */
  readonly busyTimeoutMs?: number;
  /** Called when the file is found to be deleted, replaced or an older copy. */
  readonly onLost?: (what: string) => void;
}

/**
 * A ledger in an SQLite file, shared by the processes of one host. The file is opened on first use; if there
 * is none, it is created for its owner alone. An empty file is a new ledger. It has to be on a local disk.
 *
 * A method answers at once if the file is free, and with a promise while another process has locked it, so
 * that the event loop is not blocked. A failure is a rejected promise, never thrown; then nothing was
 * changed, and the next call tries again.
 *
 * Committed changes survive the process, even `kill -9`. A power failure may undo the last of them; the file
 * stays intact.
 */
export class SqliteStore implements Store, LedgerAdmin {
  readonly #file: LedgerFile;
  readonly #clock: () => number;
  readonly #reserved = new BoundedMap<string, MadeReservation>(MAX_RESERVED);

  /**
   * @param path of the file, whose directory has to exist; a relative one is resolved now, by the working
   * directory
   * @throws RangeError if the timeout is negative or not a number
   */
  constructor(path: string, { now = Date.now, busyTimeoutMs, onLost }: SqliteStoreOptions = {}) {
    this.#file = new LedgerFile(path, busyTimeoutMs, onLost);
    this.#clock = now;
  }

  reserve(chain: readonly BudgetDefinition[], request: ReserveRequest): MaybePromise<Admission> {
    return this.#write((connection, now) => {
      const accounts = chain.map((budget) => ({ budget, ...openAccount(connection, budget, now) }));
      const admission = decideAdmission(accounts, request, now);
      if (admission.admitted) {
        insertReservation(
          connection,
          request.id,
          accounts,
          admission.reserved,
          now + Math.ceil(request.leaseMs),
        );
        this.#reserved.set(request.id, { chain, replacements: this.#file.replacements });
      }
      return admission;
    });
  }

  grow(chain: readonly BudgetDefinition[], id: string, more: Amounts): MaybePromise<boolean> {
    return this.#write((connection, now) => {
      if (!isReservationOpen(connection, id, now)) return false;
      const accounts = chain.flatMap((budget): Account[] => {
        const account = findReservedAccount(connection, id, budget, now);
        return account === undefined ? [] : [{ budget, balances: account.balances }];
      });
      if (!canAfford(accounts, more)) return false;
      growReservation(connection, id, more);
      return true;
    });
  }

  settle(id: string, used: Amounts, seen?: SettledBalances): MaybePromise<boolean> {
    return andThen(
      this.#write((connection, now) => this.#settle(connection, id, used, now)),
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
      if (isReservationOpen(connection, to, 0)) chargeExpired(connection, now);
      if (!isReservationOpen(connection, id, now) || isReservationOpen(connection, to, now)) return false;
      transferReservation(connection, id, to, now + Math.ceil(leaseMs));
      return true;
    });
  }

  charge(chain: readonly BudgetDefinition[], used: Amounts): MaybePromise<void> {
    return this.#write((connection, now) => {
      for (const budget of chain) {
        chargeAccount(connection, openAccount(connection, budget, now), used, now);
      }
    });
  }

  chargeOnce(chain: readonly BudgetDefinition[], used: Amounts, name: ChargeName): MaybePromise<number> {
    return this.#write((connection, now) => {
      const { last, isTurn } = takeTurn(connection, name);
      for (const budget of isTurn ? chain : []) {
        chargeAccount(connection, openAccount(connection, budget, Math.min(name.at, now)), used, now);
      }
      return last;
    });
  }

  balances(budget: BudgetDefinition): MaybePromise<Balances> {
    return this.#file.run((connection) => {
      const now = this.#now();
      const seen = connection.read(() => readBalances(connection, budget, now));
      if (seen !== undefined) return seen;
      return connection.write(() => openAccount(connection, budget, now).balances);
    });
  }

  heartbeat(ids: readonly string[], leaseMs: number): MaybePromise<void> {
    if (ids.length === 0) return;
    return this.#write((connection, now) => {
      for (const id of ids) extendLease(connection, id, now, now + Math.ceil(leaseMs));
    });
  }

  accounts(): MaybePromise<readonly LedgerAccount[]> {
    return this.#writeAfterExpiry((connection) => listAccounts(connection));
  }

  spending(budget: string): MaybePromise<readonly Spending[]> {
    return this.#writeAfterExpiry((connection, now) => readSpending(connection, budget, now));
  }

  raise(budget: BudgetDefinition, grant: Grant): MaybePromise<Balances> {
    checkGrant(grant);
    return this.#write((connection, now) => raiseAccount(connection, budget, grant, now));
  }

  reset(budget: BudgetDefinition): MaybePromise<Balances> {
    return this.#write((connection, now) => resetAccount(connection, budget, now));
  }

  /** Accepts the file as it is, in all processes; it cannot tell whether one of them waits for that. */
  confirm(): MaybePromise<boolean> {
    return this.#write((connection) => {
      // The time of the machine, by which processes remember when they last used a file.
      confirmLedger(connection, Date.now());
      return true;
    });
  }

  chargeAbandoned(idPrefix: string): MaybePromise<readonly Abandoned[]> {
    return this.#writeAfterExpiry((connection, now) =>
      chargeAbandonedReservations(connection, idPrefix, now),
    );
  }

  settleAtExit(timeoutMs: number): boolean {
    return this.#file.runWaiting(timeoutMs);
  }

  /** Closes the file when the calls that wait for it are answered. Later calls reject. */
  close(): MaybePromise<void> {
    return this.#file.close();
  }

  /** Settles a reservation; one that an accepted other file does not have is charged without it. */
  #settle(
    connection: SqliteConnection,
    id: string,
    used: Amounts,
    now: number,
  ): ReturnType<typeof settleReservation> {
    const settled = settleReservation(connection, id, used, now);
    const made = this.#reserved.take(id);
    if (settled !== undefined || made === undefined || made.replacements === this.#file.replacements)
      return settled;
    for (const budget of made.chain) {
      chargeAccount(connection, openAccount(connection, budget, now), used, now);
    }
    return [];
  }

  /** Runs a transaction on the whole ledger, after all reservations whose leases have ended were charged. */
  #writeAfterExpiry<T>(work: (connection: SqliteConnection, now: number) => T): MaybePromise<T> {
    return this.#write((connection, now) => {
      chargeExpired(connection, now);
      return work(connection, now);
    });
  }

  /** Runs a transaction. The accounts that it opens have no reservations whose leases have ended. */
  #write<T>(work: (connection: SqliteConnection, now: number) => T): MaybePromise<T> {
    return this.#file.run((connection) =>
      connection.write(() => {
        // The time is read after the wait for the file, so that the decisions of all processes are ordered by
        // it.
        return work(connection, this.#now());
      }),
    );
  }

  #now(): number {
    return Math.floor(this.#clock());
  }
}
