import { BudgetExhaustedError } from '../errors.ts';

/** An AbortSignal of exhaustion, made when it is first asked for. A budget that begins anew has a new one. */
export class ExhaustionSignal {
  readonly #budget: string;
  #controller: AbortController | undefined;

  constructor(budget: string) {
    this.#budget = budget;
  }

  /** @param exhausted whether the budget is so now */
  get(exhausted: boolean): AbortSignal {
    if (this.#controller === undefined || (this.#controller.signal.aborted && !exhausted)) {
      this.#controller = new AbortController();
    }
    if (exhausted) this.abort();
    return this.#controller.signal;
  }

  abort(): void {
    this.#controller?.abort(new BudgetExhaustedError(this.#budget));
  }
}
