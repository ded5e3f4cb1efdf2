import { andThen, keepAlive, type MaybePromise } from '../../util/index.ts';
import type { TrackerSnapshot } from '../checkpoint/index.ts';
import type { RemainingAmounts } from '../consumption.ts';
import type { BudgetEvent } from '../events.ts';
import type { Amounts, Limits } from '../limits.ts';
import type { BudgetStatus } from '../status/index.ts';
import type { Abandoned, Denied } from '../store.ts';
import type { Reserve, Reserved, ReserveResult } from './reservations.ts';
import { TokenBudgetTracker } from './tracker.ts';

const nested = new WeakMap<TokenBudgetTracker, WeakMap<TokenBudgetTracker, TokenBudgetTracker>>();

/**
 * Returns a tracker that charges two budgets, wherever their ledgers are: a call needs to be admitted by both. The
 * events of a call are those of the inner budget; a denial is the one of the budget that denied.
 *
 * Returns the inner tracker itself if it is detached, has a parent of its own, or is a part of the outer budget.
 */
export function nestTracker(inner: TokenBudgetTracker, outer: TokenBudgetTracker): TokenBudgetTracker {
  if (inner === outer) return inner;
  const byOuter = nested.get(inner) ?? new WeakMap<TokenBudgetTracker, TokenBudgetTracker>();
  nested.set(inner, byOuter);
  let tracker = byOuter.get(outer);
  if (tracker === undefined) {
    tracker = inner.isNestedIn(outer) ? new NestedTracker(inner, outer) : inner;
    byOuter.set(outer, tracker);
  }
  return tracker;
}

/** The id of the outer reservation: both may be in one ledger. */
function outerId(id: string): string {
  return `${id}+`;
}

/**
 * Asks the trackers for everything, by what is public: either may be of another copy of this package, whose private
 * fields cannot be read here.
 */
class NestedTracker extends TokenBudgetTracker {
  readonly #inner: TokenBudgetTracker;
  readonly #outer: TokenBudgetTracker;
  /** Which budget could not grow a reservation last. */
  #refusedByOuter = false;

  constructor(inner: TokenBudgetTracker, outer: TokenBudgetTracker) {
    super(inner.budget, inner.options);
    this.#inner = inner;
    this.#outer = outer;
  }

  override get strict(): boolean {
    return this.#inner.strict || this.#outer.strict;
  }

  override get remaining(): RemainingAmounts {
    return leastOf(this.#inner.remaining, this.#outer.remaining);
  }

  override get lastRemaining(): RemainingAmounts {
    return leastOf(this.#inner.lastRemaining, this.#outer.lastRemaining);
  }

  override get isExhausted(): boolean {
    return this.#inner.isExhausted || this.#outer.isExhausted;
  }

  override get signal(): AbortSignal {
    return AbortSignal.any([this.#inner.signal, this.#outer.signal]);
  }

  override reserve(
    request: Reserve,
    refine?: () => Reserve,
    signal?: AbortSignal,
  ): MaybePromise<ReserveResult> {
    const reserved = andThen(this.#inner.reserve(request, refine, signal), (inner) =>
      inner.admitted ? this.#reserveOuter(request, inner, refine, signal) : inner,
    );
    return keepAlive(reserved);
  }

  override grow(id: string, more: Amounts): MaybePromise<boolean> {
    return andThen(this.#inner.grow(id, more), (grown) => {
      this.#refusedByOuter = grown;
      return grown && this.#outer.grow(outerId(id), more);
    });
  }

  override refusal(requested: Amounts): MaybePromise<Denied> {
    return this.#refusedByOuter ? this.#outer.refusal(requested) : this.#inner.refusal(requested);
  }

  override settle(id: string, used: Amounts): MaybePromise<boolean> {
    return andThen(this.#inner.settle(id, used), (settled) =>
      andThen(this.#outer.settle(outerId(id), used), () => settled),
    );
  }

  override release(id: string): MaybePromise<boolean> {
    return andThen(this.#inner.release(id), (released) =>
      andThen(this.#outer.release(outerId(id)), () => released),
    );
  }

  override transferReservation(id: string, to: string, leaseMs: number): MaybePromise<boolean> {
    return andThen(this.#inner.transferReservation(id, to, leaseMs), (transferred) =>
      transferred ? this.#outer.transferReservation(outerId(id), outerId(to), leaseMs) : false,
    );
  }

  override settleTransferred(name: string, used: Amounts): MaybePromise<boolean> {
    return andThen(this.#inner.settleTransferred(name, used), (settled) =>
      andThen(this.#outer.settleTransferred(outerId(name), used), () => settled),
    );
  }

  override chargeInBackground(used: Amounts): MaybePromise<void> {
    return andThen(this.#inner.chargeInBackground(used), () => this.#outer.chargeInBackground(used));
  }

  override within(scope?: string, limits?: Limits): TokenBudgetTracker {
    return this.#inner.within(scope, limits);
  }

  override chargeAbandoned(owner: string): MaybePromise<readonly Abandoned[]> {
    return this.#inner.chargeAbandoned(owner);
  }

  override status(): MaybePromise<BudgetStatus> {
    return this.#inner.status();
  }

  override statuses(): MaybePromise<readonly BudgetStatus[]> {
    return this.#inner.statuses();
  }

  override snapshot(): TrackerSnapshot {
    return this.#inner.snapshot();
  }

  override emit(event: BudgetEvent): void {
    this.#inner.emit(event);
  }

  /** Reserves on the outer budget what the inner one admitted. What both reserve at least is what the call may use. */
  #reserveOuter(
    request: Reserve,
    inner: Reserved,
    refine: (() => Reserve) | undefined,
    signal: AbortSignal | undefined,
  ): MaybePromise<ReserveResult> {
    const { clampedTo } = inner;
    const id = outerId(request.id);
    const below = (worstCase: Reserve): Reserve => ({
      ...worstCase,
      id,
      ...(clampedTo === undefined ? {} : { outputCap: clampedTo, capped: true }),
    });
    const isRefined = inner.request !== request;
    const refineBelow = refine === undefined || isRefined ? undefined : () => below(refine());
    return andThen(this.#outer.reserve(below(inner.request), refineBelow, signal), (outer) => {
      if (!outer.admitted) return andThen(this.#inner.release(request.id), () => outer);
      const cap = outer.clampedTo ?? clampedTo;
      return { ...outer, request: { ...outer.request, id: request.id }, clampedTo: cap };
    });
  }
}

function leastOf(a: RemainingAmounts, b: RemainingAmounts): RemainingAmounts {
  const entries = [...Object.entries(a), ...Object.entries(b)] as [keyof RemainingAmounts, number][];
  const least: Partial<Record<keyof RemainingAmounts, number>> = {};
  for (const [name, amount] of entries) least[name] = Math.min(amount, least[name] ?? amount);
  return least;
}
