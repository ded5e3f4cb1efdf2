import { BudgetExhaustedError } from '../errors.ts';

/**
 * The AbortSignal of an exhausted budget, created when it is first needed. A renewed budget gets a new one.
 */
export class ExhaustionSignal {
  readonly #budget: string;
  #controller: AbortController | undefined;

  constructor(budget: string) {
    this.#budget = budget;
  }

  /**
   * Returns the signal.
   * @param exhausted whether the budget is exhausted now
   */
  get(exhausted: boolean): AbortSignal {
    if (this.#controller === undefined || (this.#controller.signal.aborted && !exhausted)) {
      this.#controller = new AbortController();
    }
    if (exhausted) this.abort();
    return this.#controller.signal;
  }

  /** Aborts the signal with a {@link BudgetExhaustedError}. */
  abort(): void {
    this.#controller?.abort(new BudgetExhaustedError(this.#budget));
  }
}
