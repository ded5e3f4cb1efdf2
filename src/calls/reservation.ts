import {
  type Admitted,
  type Amounts,
  addAmounts,
  BudgetExceededError,
  NOTHING,
  type Reserve,
  type TokenBudgetTracker,
} from '../budget/index.ts';
import { nanoCost } from '../pricing/index.ts';
import { type TokenUsage, tokenUsage } from '../usage/index.ts';
import { afterwards, type MaybePromise } from '../util/index.ts';
import { newCallId } from './call-id.ts';

/** How much more than is missing is reserved at once for a stream that passes its reservation, tokens. */
const GROW_AHEAD = 256;

/** What a call holds of its budget, from its admission to its charge. */
export class CallReservation {
  readonly tracker: TokenBudgetTracker;
  /** The output cap that admission lowered the call to, tokens of one choice; undefined where it did not. */
  readonly clampedTo: number | undefined;
  readonly #outputCap: number;
  readonly #request: Reserve;
  #id: string;
  #amounts: Amounts;
  #outputTokens: number;
  /** What earlier attempts of the call were charged: they may have been billed before they failed. */
  #attempts: Amounts = NOTHING;
  #least: Amounts = NOTHING;

  constructor(tracker: TokenBudgetTracker, request: Reserve, admitted: Admitted) {
    this.tracker = tracker;
    this.#request = request;
    this.#id = request.id;
    this.#outputCap = admitted.outputCap;
    this.clampedTo = admitted.outputCap < request.outputCap ? admitted.outputCap : undefined;
    this.#amounts = admitted.reserved;
    this.#outputTokens = admitted.outputCap * request.choices;
  }

  /** The id that its latest attempt is reserved under. */
  get id(): string {
    return this.#id;
  }

  /** The output tokens, of all choices, that are reserved. */
  get outputTokens(): number {
    return this.#outputTokens;
  }

  /** The usage that it stands for: the most that the call can have used. */
  get usage(): TokenUsage {
    return tokenUsage({ input: this.#request.fixed.tokens, output: this.#outputTokens });
  }

  /** The cost that it stands for, nano-USD. */
  get costNanoUsd(): number {
    return this.#amounts.costNanoUsd;
  }

  /** All that it stands for. */
  get amounts(): Amounts {
    return this.#amounts;
  }

  /** What earlier attempts of the call were charged. */
  get attempts(): Amounts {
    return this.#attempts;
  }

  /** Reserves for an output of that many tokens, and some more to come; the refusal where that is not paid for. */
  growTo(tokens: number): MaybePromise<BudgetExceededError | undefined> {
    const missing = tokens - this.#outputTokens;
    return afterwards(this.#grow(missing + GROW_AHEAD), (ahead) =>
      afterwards(ahead || this.#grow(missing), (grown) => (grown ? undefined : this.#refusal(missing))),
    );
  }

  /**
   * Charges an attempt in full that failed without a word of its cost, and reserves for the next.
   * @throws BudgetExceededError where the next is not paid for
   */
  renew(): MaybePromise<void> {
    return afterwards(this.tracker.settle(this.#id, this.#amounts), () => {
      this.#attempts = addAmounts(this.#attempts, this.#amounts);
      this.#id = newCallId();
      const again: Reserve = { ...this.#request, id: this.#id, outputCap: this.#outputCap, capped: true };
      return afterwards(this.tracker.reserve(again), (admission) => {
        if (admission.admitted && admission.outputCap >= this.#outputCap) {
          this.#amounts = admission.reserved;
          return;
        }
        // The request goes out again as it was: a lower cap can no longer be put into it.
        this.#amounts = NOTHING;
        const freed = admission.admitted ? this.tracker.release(this.#id) : false;
        return afterwards(freed, () =>
          afterwards(this.#refusal(this.#outputTokens), (refusal) => Promise.reject(refusal)),
        );
      });
    });
  }

  /** Charges what was used, or frees the reservation where that is nothing. */
  settle(used: Amounts): MaybePromise<boolean> {
    return used === NOTHING ? this.tracker.release(this.#id) : this.tracker.settle(this.#id, used);
  }

  /** Holds at least that much for work that goes on, where nothing was reserved for it. */
  leastOfWork(amounts: Amounts): void {
    this.#least = amounts;
    this.#amounts = amounts;
  }

  /**
   * Gives the reservation the name of work that goes on in the service, and a lease of its own. Where that cannot be done it is
   * charged now, in full.
   */
  handOver(name: string, leaseMs: number): MaybePromise<boolean> {
    const grown = this.#least === NOTHING ? true : this.tracker.grow(this.#id, this.#least);
    return afterwards(grown, () =>
      afterwards(
        this.tracker.handOver(this.#id, name, leaseMs),
        (handed) => handed || this.tracker.settle(this.#id, this.#amounts),
      ),
    );
  }

  #grow(tokens: number): MaybePromise<boolean> {
    const more = this.#outputAmounts(tokens);
    return afterwards(this.tracker.grow(this.#id, more), (grown) => {
      if (grown) {
        this.#amounts = addAmounts(this.#amounts, more);
        this.#outputTokens += tokens;
      }
      return grown;
    });
  }

  #refusal(tokens: number): MaybePromise<BudgetExceededError> {
    return afterwards(
      this.tracker.refusal(this.#outputAmounts(tokens)),
      (denied) => new BudgetExceededError(denied),
    );
  }

  #outputAmounts(tokens: number): Amounts {
    const { outputPicoUsd, choices } = this.#request;
    const perToken = Math.ceil(outputPicoUsd / choices);
    return { costNanoUsd: nanoCost([[tokens, perToken]]), tokens, calls: 0 };
  }
}
