import { type BudgetDefinition, isStrict, LedgerLostError } from '../../budget/index.ts';
import { ignoreRejection } from '../../util/index.ts';
import { LedgerMemory } from './memory/index.ts';
import { SCRIPTS, type Script } from './scripts.ts';

/** What happens when the server has forgotten something. */
export interface LedgerGuardOptions {
  /**
   * How long strict budgets are denied then, so that every process can write back what it knows, milliseconds;
   * default: 30,000, a lease.
   */
  readonly recoveryMs?: number;
  /**
   * How long strict budgets wait after a restart of the server, so that every process that uses it has connected
   * again and can tell whether it has forgotten something, milliseconds; default: 1,500.
   */
  readonly settlingMs?: number;
  /**
   * How often a process without calls looks whether the server has forgotten something, milliseconds; default:
   * 10,000.
   */
  readonly lookMs?: number;
  /** Called then, with what happened and what to do. */
  readonly onLost?: (what: string) => void;
}

/** Runs a script without accounts, and returns the values of its answer. */
export type RunScript = (script: Script, args: readonly string[]) => Promise<readonly string[]>;

const DEFAULT_RECOVERY_MS = 30_000;
/** Longer than the pauses of connections that are made again. */
const DEFAULT_SETTLING_MS = 1_500;
const DEFAULT_LOOK_MS = 10_000;

const WHAT =
  'Redis has lost data of the ledger: it was flushed, evicted keys, restarted without its data or from an older copy, or ' +
  'a replica that lagged behind took over.';

const ADVICE =
  'Set "appendonly yes" and "maxmemory-policy noeviction"; "token-budget confirm" admits calls at once.';

/** Writes back what a server has forgotten, and denies the calls of strict budgets until then. */
export class LedgerGuard {
  readonly memory: LedgerMemory;
  readonly #run: RunScript;
  readonly #lookMs: number;
  #lookTimer: NodeJS.Timeout | undefined;

  constructor(options: LedgerGuardOptions, run: RunScript) {
    const { recoveryMs = DEFAULT_RECOVERY_MS, settlingMs = DEFAULT_SETTLING_MS } = options;
    const { lookMs = DEFAULT_LOOK_MS, onLost } = options;
    this.#run = run;
    this.#lookMs = lookMs;
    this.memory = new LedgerMemory({ recoveryMs, settlingMs }, () => {
      onLost?.(`${WHAT} What this process knows is written back. ${ADVICE}`);
      void ignoreRejection(this.restore());
    });
  }

  /** Writes back what this process knows, if that is needed. @throws StoreError if the server cannot be reached */
  async restore(): Promise<void> {
    await this.memory.restore((argument) => this.#run(SCRIPTS.restore, [argument]));
  }

  /** The same before a reserve. @throws LedgerLostError if a budget is strict and that is not done */
  async restoreBefore(chain: readonly BudgetDefinition[]): Promise<void> {
    await ignoreRejection(this.restore());
    if (this.memory.isLost && isStrict(chain)) throw this.#lostError(chain);
  }

  /** Writes back what this process knows, and throws the error of a reserve that the server denied for that. */
  async deny(chain: readonly BudgetDefinition[]): Promise<never> {
    await ignoreRejection(this.restore());
    throw this.#lostError(chain);
  }

  /**
   * Runs a script on a reservation of this process, which a server that has forgotten it gets back before; and
   * again, if that comes out with the answer.
   */
  async runOnReservation(script: Script, id: string, args: readonly string[]): Promise<readonly string[]> {
    const { memory } = this;
    if (memory.isLost) await this.restore();
    const values = await this.#run(script, args);
    if (values[0] === '1' || !memory.isLost || !memory.reservations.has(id)) return values;
    await this.restore();
    return this.#run(script, args);
  }

  /** Looks from time to time whether the server has forgotten something, also while there are no calls. */
  watch(): void {
    this.#lookTimer ??= setInterval(() => this.look(), this.#lookMs).unref();
  }

  /** Looks whether the server has forgotten something, if this process knows anything. */
  look(): void {
    if (this.memory.known.id === '') return;
    void ignoreRejection(this.memory.isLost ? this.restore() : this.#run(SCRIPTS.heartbeat, ['0']));
  }

  /** Looks no more. */
  close(): void {
    clearInterval(this.#lookTimer);
  }

  #lostError(chain: readonly BudgetDefinition[]): LedgerLostError {
    const { recoveringUntil } = this.memory.known;
    const until = recoveringUntil > 0 ? ` until ${new Date(recoveringUntil).toISOString()}` : '';
    return new LedgerLostError(
      chain[0]?.name ?? '',
      `${WHAT} Calls are denied${until}, while the processes that use it write back what they know. ${ADVICE}`,
    );
  }
}
