import { randomUUID } from 'node:crypto';
import {
  type Abandoned,
  type Admission,
  type Amounts,
  type Balances,
  type BudgetDefinition,
  type ChargeName,
  checkGrant,
  type Grant,
  type LedgerAccount,
  type LedgerAdmin,
  NOTHING,
  type ReserveRequest,
  type SettledBalances,
  type Spending,
  type Store,
  StoreError,
  type StoreFinding,
} from '../../budget/index.ts';
import { type ListedAccount, mergeSpending, parseAccountPage, parseSpending } from './admin.ts';
import {
  amountArguments,
  grantArguments,
  integerArgument,
  limitArguments,
  reserveArguments,
  ruleArguments,
} from './arguments.ts';
import { Charges } from './charges.ts';
import { ServerHealth } from './health/index.ts';
import { type AccountKey, inAnyWindow, RedisKeys } from './keys.ts';
import { LedgerGuard } from './ledger-guard.ts';
import type { RedisStoreOptions } from './options.ts';
import { parseAbandoned, parseBalances, parseBalancesByKey, parseReserveReply } from './replies.ts';
import { SCRIPTS, type Script } from './scripts.ts';
import { type ScriptParameters, ScriptRunner } from './server/index.ts';
import { settleSync } from './settle-sync.ts';

const DEFAULT_PREFIX = 'token-budget';
const DEFAULT_TIMEOUT_MS = 10_000;

/** For how long the process is kept alive for the end of a call, milliseconds. */
const KEEP_ALIVE_MS = 500;

/** How many leases one script renews. */
const LEASES_PER_HEARTBEAT = 1_000;

/** A clock that corrections of the system's time do not set back. */
const monotonicNow = (): number => performance.timeOrigin + performance.now();

/**
 * A ledger on a Redis or Valkey server, shared by many hosts. Every change is a script, which is atomic on
 * the server; the server's clock decides windows and leases. It connects on first use, reconnects by itself,
 * and never keeps the process alive.
 *
 * A method that throws a StoreError changed nothing, or what it may have changed is undone when the server
 * answers. The exceptions are harmless: `settle` and `release` may be repeated, and return `false` if the
 * first one was executed; `grow` may have reserved more, until the reservation ends.
 *
 * The server has to keep its data: `maxmemory-policy noeviction`, and `appendfsync always` if not even the
 * last second may be lost. If it loses data all the same, the processes that use the ledger notice, write back
 * what they know, and until then deny the calls of strict budgets with a LedgerLostError.
 */
export class RedisStore implements Store, LedgerAdmin {
  readonly #keys: RedisKeys;
  readonly #runner: ScriptRunner;
  readonly #guard: LedgerGuard;
  readonly #health: ServerHealth;
  /** Settlements that are not answered yet. */
  readonly #unansweredSettlements = new Map<string, Amounts>();
  readonly #charges: Charges;
  readonly #url: string;
  readonly #prefix: string;
  readonly #id = randomUUID();
  #attempts = 0;

  /** @throws RangeError if the URL, the prefix or the timeout is invalid */
  constructor(options: RedisStoreOptions) {
    const { url, prefix, timeoutMs = DEFAULT_TIMEOUT_MS, now } = options;
    if (!(timeoutMs > 0 && timeoutMs < 2 ** 31)) {
      throw new RangeError(`timeoutMs: got ${timeoutMs}, expected a number of milliseconds above 0`);
    }
    this.#url = url;
    this.#prefix = prefix ?? DEFAULT_PREFIX;
    this.#keys = new RedisKeys(this.#prefix);
    this.#guard = new LedgerGuard(options, (script, args) => this.#run(script, args, KEEP_ALIVE_MS));
    const look = (): void => this.#guard.look();
    const { memory } = this.#guard;
    this.#runner = new ScriptRunner(url, timeoutMs, now ?? monotonicNow, memory, look, options.onFailure);
    this.#charges = new Charges(this.#runner, this.#keys, KEEP_ALIVE_MS);
    const send = (args: readonly string[], keepsAlive: boolean) => this.#runner.command(args, keepsAlive);
    this.#health = new ServerHealth(send, this.#keys.probe, options.onFinding);
  }

  /** Estimates the server's time from its answers, milliseconds since the epoch. */
  now(): number {
    return this.#runner.clock.now();
  }

  async reserve(chain: readonly BudgetDefinition[], request: ReserveRequest): Promise<Admission> {
    const attempt = this.#newAttempt();
    if (this.#guard.memory.isLost) await this.#guard.restoreBefore(chain);
    const ofCall = reserveArguments(request, attempt);
    const rules = chain.map(ruleArguments);
    let accounts: AccountKey[] = [];
    const prepare = (now: number): ScriptParameters => {
      accounts = chain.map((budget) => this.#keys.account(budget, now));
      const ofAccounts = accounts.flatMap(({ span }, index) => [...span, ...(rules[index] ?? [])]);
      return this.#parameters(accounts, [...ofCall, ...ofAccounts]);
    };
    const undo = () => ({
      script: SCRIPTS.unreserve,
      ...this.#parameters([], [request.id, attempt]),
    });
    const reply = await this.#runner.run({ script: SCRIPTS.reserve, prepare, undo });
    const answer = parseReserveReply(reply, chain, request);
    if (answer.word === 'open') throw new StoreError(`The reservation "${request.id}" is open already.`);
    if (answer.word === 'lost') return this.#guard.deny(chain);
    if (answer.word === 'admitted') {
      const { reserved } = answer.admission;
      const leaseMs = Math.ceil(request.leaseMs);
      this.#guard.memory.reservations.add(request.id, { accounts, attempt, amounts: reserved, leaseMs });
      this.#guard.watch();
    }
    this.#health.report();
    return answer.admission;
  }

  async grow(chain: readonly BudgetDefinition[], id: string, more: Amounts): Promise<boolean> {
    const ofBudgets = chain.flatMap((budget) => [budget.mode, ...limitArguments(budget)]);
    const args = [id, ...amountArguments(more), this.#newAttempt(), ...ofBudgets];
    const [isGrown] = await this.#guard.runOnReservation(SCRIPTS.grow, id, args);
    if (isGrown === '1') this.#guard.memory.reservations.grow(id, more);
    return isGrown === '1';
  }

  async settle(id: string, used: Amounts, seen?: SettledBalances): Promise<boolean> {
    this.#unansweredSettlements.set(id, used);
    try {
      return await this.#settle(id, used, seen);
    } finally {
      this.#unansweredSettlements.delete(id);
    }
  }

  release(id: string): Promise<boolean> {
    return this.settle(id, NOTHING);
  }

  async transfer(id: string, to: string, leaseMs: number): Promise<boolean> {
    const args = [id, to, integerArgument(leaseMs)];
    const [isTransferred] = await this.#guard.runOnReservation(SCRIPTS.transfer, id, args);
    if (isTransferred === '1') this.#guard.memory.reservations.rename(id, to, leaseMs);
    return isTransferred === '1';
  }

  async charge(chain: readonly BudgetDefinition[], used: Amounts): Promise<void> {
    this.#guard.watch();
    const accountsAt = (now: number) => chain.map((budget) => this.#keys.account(budget, now));
    await this.#charges.make(accountsAt, used, this.#newAttempt());
  }

  chargeOnce(chain: readonly BudgetDefinition[], used: Amounts, name: ChargeName): Promise<number> {
    this.#guard.watch();
    const accounts = chain.map((budget) => inAnyWindow(this.#keys.account(budget, name.at)));
    return this.#charges.makeOnce(accounts, used, name);
  }

  async balances(budget: BudgetDefinition): Promise<Balances> {
    const balances = await this.#runOnAccount(SCRIPTS.balances, budget);
    if (!this.#guard.memory.isLost) return balances;
    await this.#guard.restore();
    return this.#runOnAccount(SCRIPTS.balances, budget);
  }

  async heartbeat(ids: readonly string[], leaseMs: number): Promise<void> {
    for (let from = 0; from < ids.length; from += LEASES_PER_HEARTBEAT) {
      const some = ids.slice(from, from + LEASES_PER_HEARTBEAT);
      await this.#run(SCRIPTS.heartbeat, [integerArgument(leaseMs), ...some], KEEP_ALIVE_MS);
    }
  }

  async accounts(): Promise<readonly LedgerAccount[]> {
    return (await this.#listAccounts()).map(({ account }) => account);
  }

  async spending(budget: string): Promise<readonly Spending[]> {
    const listed = await this.#listAccounts();
    const keys = listed.filter(({ account }) => account.budget === budget).map(({ key }) => key);
    const replies = await Promise.all(
      keys.map((key) => {
        const parameters = { keys: [...this.#keys.common, key], args: [] };
        return this.#runner.run({ script: SCRIPTS.spending, prepare: () => parameters });
      }),
    );
    return mergeSpending(replies.map(({ values }) => parseSpending(values)));
  }

  async raise(budget: BudgetDefinition, grant: Grant): Promise<Balances> {
    checkGrant(grant);
    return this.#runOnAccount(SCRIPTS.raise, budget, grantArguments(grant));
  }

  async reset(budget: BudgetDefinition): Promise<Balances> {
    return this.#runOnAccount(SCRIPTS.reset, budget);
  }

  async confirm(): Promise<boolean> {
    const [wasRecovering] = await this.#run(SCRIPTS.confirm, []);
    return wasRecovering === '1';
  }

  inspect(): Promise<readonly StoreFinding[]> {
    return this.#health.inspect(true);
  }

  async chargeAbandoned(idPrefix: string): Promise<readonly Abandoned[]> {
    return parseAbandoned(await this.#run(SCRIPTS.chargeAbandoned, [idPrefix]));
  }

  close(): Promise<void> {
    this.#guard.close();
    return this.#runner.close();
  }

  /** Repeats unanswered settlements from a thread of its own: a settlement may be repeated. */
  settleAtExit(timeoutMs: number): boolean {
    const settlements = [...this.#unansweredSettlements];
    const isSettled =
      settlements.length === 0 ||
      settleSync({ url: this.#url, prefix: this.#prefix, settlements, timeoutMs });
    return isSettled && this.#charges.areAnswered;
  }

  async #settle(id: string, used: Amounts, seen?: SettledBalances): Promise<boolean> {
    const wantsBalances = seen === undefined ? '0' : '1';
    const args = [id, ...amountArguments(used), wantsBalances];
    const [isOpen, ...rest] = await this.#guard.runOnReservation(SCRIPTS.settle, id, args);
    this.#guard.memory.reservations.end(id, isOpen === '1');
    if (isOpen !== '1') return false;
    if (seen !== undefined) {
      for (const [key, balances] of parseBalancesByKey(rest))
        seen.set(this.#keys.parse(key).budget, balances);
    }
    return true;
  }

  /**
   * Runs a script without accounts, and returns the texts of its answer.
   * @param keepsAliveMs for how long the process is kept alive for it, milliseconds; default: until the timeout
   */
  async #run(script: Script, args: readonly string[], keepsAliveMs?: number): Promise<readonly string[]> {
    const parameters = this.#parameters([], args);
    const run = {
      script,
      prepare: () => parameters,
      ...(keepsAliveMs === undefined ? {} : { keepsAliveMs }),
    };
    return (await this.#runner.run(run)).values;
  }

  /** Runs a script on the present account of a budget, and returns the balances of its answer. */
  async #runOnAccount(
    script: Script,
    budget: BudgetDefinition,
    args: readonly string[] = [],
  ): Promise<Balances> {
    const prepare = (now: number): ScriptParameters => {
      const account = this.#keys.account(budget, now);
      return this.#parameters([account], [...args, ...account.span]);
    };
    // A raise that is repeated would raise twice.
    const isRepeatable = script === SCRIPTS.balances;
    return parseBalances((await this.#runner.run({ script, prepare, isRepeatable })).values);
  }

  /** Returns all accounts, each once. */
  async #listAccounts(): Promise<readonly ListedAccount[]> {
    const found = new Map<string, ListedAccount>();
    let cursor = '0';
    do {
      const page = parseAccountPage(await this.#run(SCRIPTS.accounts, [cursor]), this.#keys);
      for (const listed of page.accounts) found.set(listed.key, listed);
      cursor = page.cursor;
    } while (cursor !== '0');
    return [...found.values()];
  }

  #parameters(accounts: readonly AccountKey[], args: readonly string[]): ScriptParameters {
    return { keys: [...this.#keys.common, ...accounts.map(({ key }) => key)], args };
  }

  /** Returns a name that no other attempt has, of this store or another. */
  #newAttempt(): string {
    this.#attempts += 1;
    return `${this.#id}:${this.#attempts}`;
  }
}
