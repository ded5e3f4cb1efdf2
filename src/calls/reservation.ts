import {
  type Amounts,
  addAmounts,
  BudgetExceededError,
  NOTHING,
  type Reserve,
  type Reserved,
  type TokenBudgetTracker,
} from '../budget/index.ts';
import { nanoCost } from '../pricing/index.ts';
import { type TokenUsage, tokenUsage } from '../usage/index.ts';
import { andThen, isPromise, type MaybePromise, newUniqueId } from '../util/index.ts';

/**
 * Tokens reserved beyond what is missing when a stream outgrows its reservation, so that it grows less often.
 */
const GROW_AHEAD = 256;

/** The reservation of a call, from its admission to its charge. */
export class CallReservation {
  readonly tracker: TokenBudgetTracker;
  /** The output cap that the call is clamped to, tokens of one choice; undefined if it keeps its own. */
  readonly clampedTo: number | undefined;
  readonly #request: Reserve;
  readonly #outputCap: number;
  /** The id that the latest attempt is reserved under. */
  id: string;
  /** Everything that is reserved. */
  amounts: Amounts;
  /** The output tokens that are reserved, all choices together. */
  outputTokens: number;
  /** The charge of earlier attempts: the service may have billed them before they failed. */
  failedAttempts: Amounts = NOTHING;

  /** @param reserved the result of the reserve */
  constructor(tracker: TokenBudgetTracker, { request, clampedTo, outputCap, reserved }: Reserved) {
    this.tracker = tracker;
    this.clampedTo = clampedTo;
    this.#request = request;
    this.#outputCap = outputCap;
    this.id = request.id;
    this.amounts = reserved;
    this.outputTokens = outputCap * request.choices;
  }

  /** The input tokens that are reserved, with an output that has no cap. */
  get inputTokens(): number {
    return this.#request.fixed.tokens;
  }

  /** The most tokens that the call can have used. */
  get maxTokens(): number {
    return this.#request.fixed.tokens + this.outputTokens;
  }

  /** The most that the call can have used, by kind. */
  get usage(): TokenUsage {
    return tokenUsage({ input: this.#request.fixed.tokens, output: this.outputTokens });
  }

  /**
   * Reserves for an output of `tokens`, and some more ahead of it.
   * @returns the refusal if the budget cannot pay for it, else undefined
   */
  async growTo(tokens: number): Promise<BudgetExceededError | undefined> {
    const missing = tokens - this.outputTokens;
    const grown = (await this.#grow(missing + GROW_AHEAD)) || (await this.#grow(missing));
    return grown ? undefined : this.#refusal(missing);
  }

  /**
   * Charges a failed attempt and reserves for the next one.
   * @param due the charge of the failed attempt
   * @throws BudgetExceededError if the budget cannot pay for the next attempt
   */
  async renew(due: Amounts): Promise<void> {
    await this.tracker.settle(this.id, due);
    this.failedAttempts = addAmounts(this.failedAttempts, due);
    this.id = newUniqueId();
    const next = await this.tracker.reserve({
      ...this.#request,
      id: this.id,
      outputCap: this.#outputCap,
      capped: true,
    });
    if (next.admitted && next.clampedTo === undefined) {
      this.amounts = next.reserved;
      return;
    }
    // The SDK repeats the request as it was sent: a lower cap can no longer be put into it.
    this.amounts = NOTHING;
    if (next.admitted) await this.tracker.release(this.id);
    throw await this.#refusal(this.outputTokens);
  }

  /** Charges what was used; releases the reservation if that is nothing. */
  settle(used: Amounts): MaybePromise<boolean> {
    return used === NOTHING ? this.tracker.release(this.id) : this.tracker.settle(this.id, used);
  }

  /**
   * Transfers the reservation to a deferred call, under a name of its own and with its own lease; charges it
   * in full if that fails.
   * @param hold what to hold for the deferred call beyond the reservation, if nothing was reserved before
   */
  transfer(name: string, leaseMs: number, hold: Amounts): MaybePromise<boolean> {
    const grown = hold === NOTHING ? true : this.tracker.grow(this.id, hold);
    this.amounts = addAmounts(this.amounts, hold);
    // In one turn with a store that answers at once: the process may exit in the next.
    return andThen(grown, () =>
      andThen(
        this.tracker.transferReservation(this.id, name, leaseMs),
        (transferred) => transferred || this.tracker.settle(this.id, this.amounts),
      ),
    );
  }

  async #grow(tokens: number): Promise<boolean> {
    const more = this.#outputAmounts(tokens);
    const grown = this.tracker.grow(this.id, more);
    if (!(isPromise(grown) ? await grown : grown)) return false;
    this.amounts = addAmounts(this.amounts, more);
    this.outputTokens += tokens;
    return true;
  }

  async #refusal(tokens: number): Promise<BudgetExceededError> {
    return new BudgetExceededError(await this.tracker.refusal(this.#outputAmounts(tokens)));
  }

  #outputAmounts(tokens: number): Amounts {
    const { outputPicoUsd, choices } = this.#request;
    return { costNanoUsd: nanoCost([[tokens, Math.ceil(outputPicoUsd / choices)]]), tokens, calls: 0 };
  }
}
