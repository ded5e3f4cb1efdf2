import type { Amounts, ChargeName } from '../../budget/index.ts';
import { amountArguments, integerArgument } from './arguments.ts';
import type { AccountKey, RedisKeys } from './keys.ts';
import { SCRIPTS } from './scripts.ts';
import type { ScriptParameters, ScriptRun, ScriptRunner } from './server/index.ts';

/** How long the name of a charge is remembered, milliseconds: 30 days. */
const KEPT_MS = 30 * 86_400_000;

/** How many arguments a charge and its undoing have in common: its name and the amounts. */
const UNDO_ARGUMENTS = 7;

/** Which accounts are charged, by the server's time. */
export type AccountsAt = (now: number) => readonly AccountKey[];

/** Charges accounts without a reservation, each charge once. */
export class Charges {
  readonly #runner: ScriptRunner;
  readonly #keys: RedisKeys;
  readonly #keepsAliveMs: number;
  #unanswered = 0;

  /** @param keepsAliveMs for how long the process is kept alive for an answer, milliseconds */
  constructor(runner: ScriptRunner, keys: RedisKeys, keepsAliveMs: number) {
    this.#runner = runner;
    this.#keys = keys;
    this.#keepsAliveMs = keepsAliveMs;
  }

  /** Whether the server has answered all of them. */
  get areAnswered(): boolean {
    return this.#unanswered === 0;
  }

  /** Makes a charge; it is undone if the server does not answer in time. @param source a name of its own */
  async make(accountsAt: AccountsAt, used: Amounts, source: string): Promise<void> {
    const undo: ScriptRun['undo'] = ({ keys, args }) => ({
      script: SCRIPTS.uncharge,
      keys,
      args: args.slice(0, UNDO_ARGUMENTS),
    });
    await this.#run(accountsAt, used, { source, after: 0, position: 1 }, { undo });
  }

  /** Makes a charge that its caller repeats until it is answered, as `chargeOnce` of the store says. */
  makeOnce(accounts: readonly AccountKey[], used: Amounts, name: ChargeName): Promise<number> {
    return this.#run(() => accounts, used, name, {});
  }

  async #run(
    accountsAt: AccountsAt,
    used: Amounts,
    { source, after, position }: Omit<ChargeName, 'at'>,
    options: Pick<ScriptRun, 'undo'>,
  ): Promise<number> {
    const name = [source, ...[after, position, KEPT_MS].map(integerArgument)];
    const prepare = (now: number): ScriptParameters => {
      const accounts = accountsAt(now);
      const keys = [...this.#keys.common, ...accounts.map(({ key }) => key)];
      return { keys, args: [...name, ...amountArguments(used), ...accounts.flatMap(({ span }) => span)] };
    };
    this.#unanswered += 1;
    try {
      const run = { script: SCRIPTS.charge, prepare, keepsAliveMs: this.#keepsAliveMs, ...options };
      return Number((await this.#runner.run(run)).values[0]);
    } finally {
      this.#unanswered -= 1;
    }
  }
}
