import { randomUUID } from 'node:crypto';
import {
  type Abandoned,
  type Admission,
  type Amounts,
  type Balances,
  type BudgetDefinition,
  checkGrant,
  type Grant,
  type LedgerAccount,
  type LedgerAdmin,
  NOTHING,
  type ReserveRequest,
  type SeenBalances,
  type Spending,
  type Store,
  StoreError,
} from '../../budget/index.ts';
import { BoundedMap } from '../../util/index.ts';
import { addSpending, type ListedAccount, listedOf, pageOf, spendingOf } from './admin.ts';
import {
  amountArguments,
  grantArguments,
  limitArguments,
  minutesArgument,
  picoArgument,
  whole,
} from './arguments.ts';
import { type AccountKey, inAnyWindow, RedisKeys } from './keys.ts';
import { abandonedOf, balancesByKey, balancesOf, reserveReplyOf } from './replies.ts';
import { ScriptRunner } from './runner.ts';
import { SCRIPTS, type Script } from './scripts.ts';
import { settleSync } from './settle-sync.ts';
import type { ScriptParameters } from './undo-list.ts';

export interface RedisStoreOptions {
  /** redis:// or rediss:// (TLS), with user, password and database where needed. */
  readonly url: string;
  /** What all keys begin with, in braces; `token-budget` where absent. Budgets of one prefix lie on one node of a cluster. */
  readonly prefix?: string;
  /** How long a command may take before it rejects, milliseconds; 250 where absent. */
  readonly timeoutMs?: number;
  /** The clock, milliseconds since the epoch. It may be wrong: the server's is learned from its answers. */
  readonly now?: () => number;
}

const DEFAULT_PREFIX = 'token-budget';
const DEFAULT_TIMEOUT_MS = 250;

/** How many reservations of our own are remembered, to charge them where the server loses its data. */
const MAX_REMEMBERED = 100_000;

/** How many leases one script renews. */
const HEARTBEATS = 1_000;

/** A clock that no correction of the system's time sets back. */
const steadyNow = (): number => performance.timeOrigin + performance.now();

/** Where a reservation was taken, and in which epoch of the server's data. */
interface Taken {
  readonly accounts: readonly AccountKey[];
  readonly epoch: string;
}

/**
 * A ledger on a Redis or Valkey server, shared by many hosts. Every change is a script, atomic on the server, by whose clock windows
 * and leases go. Connects when it is first used, and again by itself; never keeps the process alive.
 *
 * A method that throws a StoreError changed nothing, or what it may have changed is taken back once the server answers. The exceptions
 * are harmless: `settle` and `release` may be repeated, and answer `false` where the first one was heard; `grow` may have reserved more,
 * until the reservation ends.
 *
 * The server has to keep its data: `maxmemory-policy noeviction`, and `appendfsync always` where not even the last second may be lost.
 * Where all of it is lost, every budget begins anew, and calls of that moment are charged to the new accounts when they settle.
 */
export class RedisStore implements Store, LedgerAdmin {
  readonly #keys: RedisKeys;
  readonly #runner: ScriptRunner;
  readonly #taken = new BoundedMap<string, Taken>(MAX_REMEMBERED);
  /** Settlements whose answer did not come yet. */
  readonly #settling = new Map<string, Amounts>();
  readonly #url: string;
  readonly #prefix: string;
  readonly #name = randomUUID();
  #attempts = 0;

  /** @throws RangeError where the URL, the prefix or the timeout is wrong */
  constructor({ url, prefix, timeoutMs = DEFAULT_TIMEOUT_MS, now }: RedisStoreOptions) {
    if (!(timeoutMs > 0 && timeoutMs < 2 ** 31)) {
      throw new RangeError(`a timeout is a number of milliseconds above 0; given: ${timeoutMs}`);
    }
    this.#url = url;
    this.#prefix = prefix ?? DEFAULT_PREFIX;
    this.#keys = new RedisKeys(this.#prefix);
    this.#runner = new ScriptRunner(url, timeoutMs, now ?? steadyNow);
  }

  /** What the server's clock shows, milliseconds since the epoch, as far as its answers have told. */
  now(): number {
    return this.#runner.clock.now();
  }

  async reserve(chain: readonly BudgetDefinition[], request: ReserveRequest): Promise<Admission> {
    const attempt = this.#attempt();
    const fixed = [
      request.id,
      attempt,
      whole(request.leaseMs),
      ...amountArguments(request.fixed),
      picoArgument(request.outputPicoUsd),
      whole(request.choices),
      whole(request.outputCap),
      request.capped ? '1' : '0',
    ];
    const rules = chain.map((budget) => [
      budget.mode,
      ...limitArguments(budget),
      minutesArgument(budget),
      String(budget.maxShare),
      String(budget.minOutputTokens),
    ]);
    let accounts: AccountKey[] = [];
    const prepare = (now: number): ScriptParameters => {
      accounts = chain.map((budget) => this.#keys.account(budget, now));
      const each = accounts.flatMap(({ span }, index) => [...span, ...(rules[index] ?? [])]);
      return this.#parameters(accounts, [...fixed, ...each]);
    };
    const undo = () => ({
      script: SCRIPTS.unreserve,
      ...this.#parameters([], [request.id, attempt]),
    });
    const answer = reserveReplyOf(await this.#runner.run(SCRIPTS.reserve, prepare, undo), chain, request);
    if (answer.word === 'open') throw new StoreError(`The reservation "${request.id}" is open already.`);
    if (answer.word === 'admitted') {
      this.#taken.set(request.id, { accounts: accounts.map(inAnyWindow), epoch: answer.epoch });
    }
    return answer.admission;
  }

  async grow(chain: readonly BudgetDefinition[], id: string, more: Amounts): Promise<boolean> {
    const rules = chain.flatMap((budget) => [budget.mode, ...limitArguments(budget)]);
    const parameters = this.#parameters([], [id, ...amountArguments(more), ...rules]);
    const { values } = await this.#runner.run(SCRIPTS.grow, () => parameters);
    return values[0] === '1';
  }

  async settle(id: string, used: Amounts, seen?: SeenBalances): Promise<boolean> {
    this.#settling.set(id, used);
    try {
      return await this.#settle(id, used, seen);
    } finally {
      this.#settling.delete(id);
    }
  }

  release(id: string): Promise<boolean> {
    return this.settle(id, NOTHING);
  }

  async transfer(id: string, to: string, leaseMs: number): Promise<boolean> {
    const parameters = this.#parameters([], [id, to, whole(leaseMs)]);
    const { values } = await this.#runner.run(SCRIPTS.handOver, () => parameters);
    if (values[0] !== '1') return false;
    const taken = this.#taken.take(id);
    if (taken !== undefined) this.#taken.set(to, taken);
    return true;
  }

  async charge(chain: readonly BudgetDefinition[], used: Amounts): Promise<void> {
    await this.#chargeAccounts((now) => chain.map((budget) => this.#keys.account(budget, now)), used);
  }

  async balances(budget: BudgetDefinition): Promise<Balances> {
    return this.#onAccount(SCRIPTS.balances, budget);
  }

  async heartbeat(ids: readonly string[], leaseMs: number): Promise<void> {
    for (let from = 0; from < ids.length; from += HEARTBEATS) {
      const some = ids.slice(from, from + HEARTBEATS);
      const parameters = this.#parameters([], [whole(leaseMs), ...some]);
      await this.#runner.run(SCRIPTS.heartbeat, () => parameters);
    }
  }

  async accounts(): Promise<readonly LedgerAccount[]> {
    return (await this.#list()).map((listed) => listed.account);
  }

  async spending(budget: string): Promise<readonly Spending[]> {
    const keys = (await this.#list())
      .filter(({ account }) => account.budget === budget)
      .map(({ key }) => key);
    const replies = await Promise.all(
      keys.map((key) =>
        this.#runner.run(SCRIPTS.spending, () => ({ keys: [...this.#keys.common, key], args: [] })),
      ),
    );
    return addSpending(replies.map(({ values }) => spendingOf(values)));
  }

  async raise(budget: BudgetDefinition, grant: Grant): Promise<Balances> {
    checkGrant(grant);
    return this.#onAccount(SCRIPTS.raise, budget, grantArguments(grant));
  }

  async reset(budget: BudgetDefinition): Promise<Balances> {
    return this.#onAccount(SCRIPTS.reset, budget);
  }

  async chargeAbandoned(idPrefix: string): Promise<readonly Abandoned[]> {
    const parameters = this.#parameters([], [idPrefix]);
    return abandonedOf((await this.#runner.run(SCRIPTS.chargeAbandoned, () => parameters)).values);
  }

  close(): Promise<void> {
    return this.#runner.close();
  }

  /** Settles what is on its way once more, from a thread of its own: a settlement may be repeated. */
  settleAtExit(timeoutMs: number): void {
    if (this.#settling.size === 0) return;
    settleSync({ url: this.#url, prefix: this.#prefix, settlements: [...this.#settling], timeoutMs });
  }

  async #settle(id: string, used: Amounts, seen?: SeenBalances): Promise<boolean> {
    const asked = seen === undefined ? '0' : '1';
    const parameters = this.#parameters([], [id, ...amountArguments(used), asked]);
    const { values } = await this.#runner.run(SCRIPTS.settle, () => parameters);
    const taken = this.#taken.get(id);
    const open = values[0] === '1';
    if (!open && taken !== undefined && values[1] !== taken.epoch && used !== NOTHING) {
      // The server lost its data meanwhile: the reservation was not settled, it is not known any more.
      await this.#chargeAccounts(() => taken.accounts, used);
      this.#taken.delete(id);
      return true;
    }
    this.#taken.delete(id);
    if (open && seen !== undefined) {
      for (const [key, balances] of balancesByKey(values.slice(1))) {
        seen.set(this.#keys.parse(key).budget, balances);
      }
    }
    return open;
  }

  /** Runs a script on the present account of a budget, which answers with balances. */
  async #onAccount(
    script: Script,
    budget: BudgetDefinition,
    args: readonly string[] = [],
  ): Promise<Balances> {
    const prepare = (now: number): ScriptParameters => {
      const account = this.#keys.account(budget, now);
      return this.#parameters([account], [...args, ...account.span]);
    };
    return balancesOf((await this.#runner.run(script, prepare)).values);
  }

  /** All accounts, each once. */
  async #list(): Promise<readonly ListedAccount[]> {
    const found = new Map<string, ListedAccount>();
    let cursor = '0';
    do {
      const parameters = this.#parameters([], [cursor]);
      const { values } = await this.#runner.run(SCRIPTS.accounts, () => parameters);
      const page = pageOf(values);
      for (const raw of page.accounts) found.set(raw.key, listedOf(raw, this.#keys));
      cursor = page.cursor;
    } while (cursor !== '0');
    return [...found.values()];
  }

  async #chargeAccounts(accountsAt: (now: number) => readonly AccountKey[], used: Amounts): Promise<void> {
    const what = [this.#attempt(), ...amountArguments(used)];
    const prepare = (now: number): ScriptParameters => {
      const accounts = accountsAt(now);
      return this.#parameters(accounts, [...what, ...accounts.flatMap(({ span }) => span)]);
    };
    await this.#runner.run(SCRIPTS.charge, prepare, ({ keys, args }) => ({
      script: SCRIPTS.uncharge,
      keys,
      args: args.slice(0, what.length),
    }));
  }

  #parameters(accounts: readonly AccountKey[], args: readonly string[]): ScriptParameters {
    return { keys: [...this.#keys.common, ...accounts.map(({ key }) => key)], args };
  }

  /** A name that no other attempt has, of this store or another. */
  #attempt(): string {
    this.#attempts += 1;
    return `${this.#name}:${this.#attempts}`;
  }
}
