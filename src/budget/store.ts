import type { MaybePromise } from '../util/index.ts';
import type { BudgetDefinition } from './definition.ts';
import type { Amounts, Grant, LimitName } from './limits.ts';

/** The balances of one budget. */
export interface Balances {
  /** What was charged. */
  readonly settled: Amounts;
  /** What open reservations hold. */
  readonly reserved: Amounts;
  /** How many reservations are open. */
  readonly open: number;
  /** When the budget began, milliseconds since the epoch by the store's clock. */
  readonly startedAt: number;
  /** What its limits were raised by; absent where by nothing. */
  readonly granted?: Grant;
}

/** What one call may cost at most, as far as it is known before it is sent. */
export interface WorstCase {
  /** What the call costs whatever its output: its input at most, and one call. */
  readonly fixed: Amounts;
  /** What one more token of output cap costs, pico-USD (all choices together). */
  readonly outputPicoUsd: number;
  /** How many tokens one more token of output cap is: the number of choices. */
  readonly choices: number;
  /** The output cap to reserve for, tokens of one choice: the caller's, or the model's maximum. */
  readonly outputCap: number;
  /** Whether the cap is the caller's; one that is not is held to `maxShare` of what is left. */
  readonly capped: boolean;
}

/** A worst case that is to be reserved. */
export interface ReserveRequest extends WorstCase {
  /** Names the reservation; unique. */
  readonly id: string;
  /** How long the reservation holds without a heartbeat, milliseconds; after that it is charged in full. */
  readonly leaseMs: number;
}

/** The answer to a reserve. */
export type Admission = Admitted | Denied;

/** The call may be made. */
export interface Admitted {
  readonly admitted: true;
  /** The output cap that was reserved for, at most the one asked for; lower: the call is clamped. */
  readonly outputCap: number;
  readonly reserved: Amounts;
}

/** The call is refused. */
export interface Denied {
  readonly admitted: false;
  /** The budget of the chain and the limit of it that said no. */
  readonly budget: BudgetDefinition;
  readonly limit: LimitName;
  readonly balances: Balances;
  /** What was asked for: the least that would have had to be reserved. */
  readonly requested: Amounts;
  /** Whether limits can be raised while the process runs, as processes share the ledger; no where absent. */
  readonly raisable?: boolean;
}

/** A reservation that was charged in full because its holder is dead. */
export interface Abandoned {
  readonly id: string;
  readonly charged: Amounts;
}

/** The balances that a settlement reports, by the name of the budget. */
export type SettledBalances = Map<string, Balances>;

/** What a store may have besides: whoever uses one does without where it is absent. */
export interface StoreCapabilities {
  /** Whether reservations end with their process, so that they need no lease; false where absent. */
  readonly leaseless?: boolean;
  /**
   * Whether an answer at once may come from what the process itself holds, so that it does not show whether the shared
   * store is available; default: false.
   */
  readonly answersLocally?: boolean;
  /** For a store that forgets: has a budget have begun at that time, where it began later, milliseconds since the epoch. */
  backdate?(budget: BudgetDefinition, startedAt: number): void;
  /** For a store that holds more than its open calls do: gives that back, as the process has nothing more to do. Never rejects. */
  returnUnused?(): MaybePromise<void>;
  /**
   * For a store that has something on its way or held when the process exits and no promise is run any more: settles it, blocking
   * for at most that many milliseconds.
   */
  settleAtExit?(timeoutMs: number): void;
}

/**
 * Where balances live. What is declared here is needed; the {@link StoreCapabilities} are not. Every call is atomic: a reservation is
 * taken on all budgets of the chain or on none.
 *
 * - A budget with a window has balances for each window. A reservation belongs to the windows that it was taken in, and is
 *   settled there, however late.
 * - Settling or releasing a reservation that is not open does nothing and answers `false`, so that nothing is
 *   charged twice.
 * - In a store that outlives its processes, a reservation whose lease ended was held by a process that died: it is
 *   charged in full, because its call may have been billed.
 *
 * @throws StoreError where the store cannot be reached or cannot write; nothing was changed then
 */
export interface Store extends StoreCapabilities {
  /** Reserves the worst case of a call on every budget of the chain, or says which of them denied it. */
  reserve(chain: readonly BudgetDefinition[], request: ReserveRequest): MaybePromise<Admission>;
  /** Reserves more for an open reservation, where every strict budget of it can pay for that; `false` where not. */
  grow(chain: readonly BudgetDefinition[], id: string, more: Amounts): MaybePromise<boolean>;
  /**
   * Charges what was used on the budgets of the reservation and frees what is left of it.
   * @param seen told how that leaves their balances, before the answer, by a store that would else be asked for them once more; of
   * budgets that have begun another window since, and where balances have to be looked at anew, nothing
   */
  settle(id: string, used: Amounts, seen?: SettledBalances): MaybePromise<boolean>;
  /** Frees a reservation of a call that spent nothing. */
  release(id: string): MaybePromise<boolean>;
  /**
   * Gives an open reservation another name and a lease of its own: of work that goes on in the service when its call is over
   * (a batch, a background response), so that whoever hears of its end, in whichever process, can settle it by that name. `false`
   * where it is not open, or the name is taken.
   */
  transfer(id: string, to: string, leaseMs: number): MaybePromise<boolean>;
  /** Charges without a reservation: usage that is only known afterwards. */
  charge(chain: readonly BudgetDefinition[], used: Amounts): MaybePromise<void>;
  /** The balances of a budget in its present window; of one that was never used, all zero. */
  balances(budget: BudgetDefinition): MaybePromise<Balances>;
  /** Keeps open reservations of a living process from ending with their lease. */
  heartbeat(ids: readonly string[], leaseMs: number): MaybePromise<void>;
  /**
   * Charges in full the open reservations whose ids begin so, whatever their lease: their holder is known to be dead, and their
   * calls may have been billed.
   */
  chargeAbandoned(idPrefix: string): MaybePromise<readonly Abandoned[]>;
  /** Lets go of files and connections. Open reservations stay, until settled by nobody. */
  close(): MaybePromise<void>;
}

/** What happens to calls while the store is away: they go on and are charged later, or they are refused. */
export type FailurePolicy = 'open' | 'closed';
