import type { MaybePromise } from '../util/index.ts';
import { type BudgetDefinition, isStrict } from './definition.ts';
import type { Amounts, Grant, LimitName } from './limits.ts';

/** The balances of one budget. */
export interface Balances {
  /** The amounts charged. */
  readonly settled: Amounts;
  /** The amounts held by open reservations. */
  readonly reserved: Amounts;
  /** How many reservations are open. */
  readonly open: number;
  /** When the budget began, milliseconds since the epoch by the store's clock. */
  readonly startedAt: number;
  /** The amounts by which its limits were raised; absent if they were not. */
  readonly granted?: Grant;
}

/** The most that one call may cost, as far as that is known before it is sent. */
export interface WorstCase {
  /** The part that does not depend on the output: its input at most, and one call. */
  readonly fixed: Amounts;
  /** The price of one more token of output cap, pico-USD (all choices together). */
  readonly outputPicoUsd: number;
  /** The tokens that one more token of output cap may add: the number of choices. */
  readonly choices: number;
  /** The output cap to reserve, tokens of one choice: the caller's, or the model's maximum. */
  readonly outputCap: number;
  /** Whether the cap is the caller's; any other is limited to `maxShare` of what is left. */
  readonly capped: boolean;
}

/** A request to reserve a worst case. */
export interface ReserveRequest extends WorstCase {
  /** The unique id of the reservation. */
  readonly id: string;
  /** How long the reservation lasts without a heartbeat, milliseconds; after that it is charged in full. */
  readonly leaseMs: number;
}

/** The result of a reserve. */
export type Admission = Admitted | Denied;

/** The call may be sent. */
export interface Admitted {
  readonly admitted: true;
  /** The output cap that was reserved, at most the one requested; if it is lower, the call is clamped. */
  readonly outputCap: number;
  readonly reserved: Amounts;
}

/** The call is denied. */
export interface Denied {
  readonly admitted: false;
  /** The budget of the chain that denied the call. */
  readonly budget: BudgetDefinition;
  /** The limit that the call would exceed. */
  readonly limit: LimitName;
  readonly balances: Balances;
  /** The least that the call needed to reserve. */
  readonly requested: Amounts;
  /**
   * Whether limits can be raised while the process runs, since processes share the ledger; default: false.
   */
  readonly raisable?: boolean;
}

/** A reservation that was charged in full because its process is dead. */
export interface Abandoned {
  readonly id: string;
  readonly charged: Amounts;
}

/** The balances after a settlement, by the name of the budget. */
export type SettledBalances = Map<string, Balances>;

/** Something about a store by which it may lose what was spent, or cannot charge it. */
export interface StoreFinding {
  /** `fail`: calls are not charged, or what was spent is forgotten while the store runs. */
  readonly severity: 'warn' | 'fail';
  readonly found: string;
  /** What to do about it. */
  readonly fix: string;
}

/** The optional capabilities of a store. */
export interface StoreCapabilities {
  /** Whether reservations end with their process, so that they need no lease; default: false. */
  readonly leaseless?: boolean;
  /**
   * Whether a synchronous result may come from what the process itself holds, so that it does not show
   * whether the shared store is available; default: false.
   */
  readonly answersLocally?: boolean;
  /** In a store that forgets: moves the start of a budget back to a time, milliseconds since the epoch. */
  backdate?(budget: BudgetDefinition, startedAt: number): void;
  /** Returns what the process holds beyond its open calls, when it has no more work. Never rejects. */
  returnUnused?(): MaybePromise<void>;
  /**
   * Settles what is in flight or held when the process exits and no promise runs any more; blocks for at most
   * `timeoutMs` milliseconds.
   * @returns whether everything is known to be settled
   */
  settleAtExit?(timeoutMs: number): boolean;
  /** Checks whether the store is set up so that it keeps what was spent. */
  inspect?(): MaybePromise<readonly StoreFinding[]>;
}

/**
 * Stores the balances of budgets. Every method is atomic: a reservation is made on all budgets of the chain
 * or on none. The {@link StoreCapabilities} are optional.
 *
 * - A budget with a window has balances for each window. A reservation belongs to the windows in which it was
 *   made, and is settled there, however late.
 * - Settling or releasing a reservation that is not open does nothing and returns `false`, so that nothing is
 *   charged twice.
 * - In a store that outlives its processes, a reservation whose lease ended belongs to a process that died:
 *   it is charged in full, because its call may have been billed.
 *
 * @throws StoreError if the store cannot be reached or cannot write; nothing was changed then
 */
export interface Store extends StoreCapabilities {
  /** Reserves the worst case of a call on every budget of the chain, or returns which of them denied it. */
  reserve(chain: readonly BudgetDefinition[], request: ReserveRequest): MaybePromise<Admission>;
  /** Reserves more for an open reservation; `false` if one of its strict budgets cannot pay for it. */
  grow(chain: readonly BudgetDefinition[], id: string, more: Amounts): MaybePromise<boolean>;
  /**
   * Charges what was used to the budgets of the reservation and frees the rest of it.
   * @param seen receives the new balances before the method returns, from a store that would otherwise be
   * asked for them again; not those of a budget that has entered another window since, or whose balances have
   * to be read again
   */
  settle(id: string, used: Amounts, seen?: SettledBalances): MaybePromise<boolean>;
  /** Frees a reservation of a call that spent nothing. */
  release(id: string): MaybePromise<boolean>;
  /**
   * Gives an open reservation another name and a lease of its own: that of a deferred call (a batch, a
   * background response), so that the first process that sees its result can settle it by that name. `false`
   * if the reservation is not open, or the name is in use.
   */
  transfer(id: string, to: string, leaseMs: number): MaybePromise<boolean>;
  /** Charges without a reservation: usage that is known only afterwards. */
  charge(chain: readonly BudgetDefinition[], used: Amounts): MaybePromise<void>;
  /**
   * Makes a charge once. Nothing is charged if the last charge of the source is not the one that this one
   * follows.
   * @returns the position of the last charge of the source: this one's if it is made, now or earlier
   */
  chargeOnce(chain: readonly BudgetDefinition[], used: Amounts, name: ChargeName): MaybePromise<number>;
  /** Returns the balances of a budget in its current window; all zero for one that was never used. */
  balances(budget: BudgetDefinition): MaybePromise<Balances>;
  /** Renews the leases of open reservations of a living process. */
  heartbeat(ids: readonly string[], leaseMs: number): MaybePromise<void>;
  /**
   * Charges in full the open reservations whose ids have the prefix, whatever their lease: their process is
   * known to be dead, and their calls may have been billed.
   */
  chargeAbandoned(idPrefix: string): MaybePromise<readonly Abandoned[]>;
  /** Closes files and connections. Open reservations stay. */
  close(): MaybePromise<void>;
}

/**
 * Names a charge, so that it is made once, however often it is repeated. The charges of one source follow one
 * another: each says which one it follows.
 */
export interface ChargeName {
  /** A name that nothing else charges under. */
  readonly source: string;
  /** The position of the source's charge before this one; 0 if it is the first. */
  readonly after: number;
  /** The position of this charge, above `after`. */
  readonly position: number;
  /** When the amounts were spent, milliseconds since the epoch, which decides the windows. */
  readonly at: number;
}

/** Whether calls are sent while the store is unavailable and charged later (`open`), or denied (`closed`). */
export type FailurePolicy = 'open' | 'closed';

/** Returns the failure policy of a chain: the given one, or `closed` if one of its budgets is strict. */
export function failurePolicyOf(
  chain: readonly BudgetDefinition[],
  given: FailurePolicy | undefined,
): FailurePolicy {
  return given ?? (isStrict(chain) ? 'closed' : 'open');
}
