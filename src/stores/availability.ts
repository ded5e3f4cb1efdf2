import { StoreError } from '../budget/index.ts';
import { withTimeout } from '../util/index.ts';

/** How long calls of budgets that are not strict wait at most, milliseconds: the store decides nothing for them. */
const LENIENT_WAIT_MS = 1_000;

/** How long calls wait while the store is known to be unavailable, milliseconds. */
export const UNAVAILABLE_WAIT_MS = 250;

/** How the availability of a store is found out. */
export interface AvailabilityOptions {
  /** How long a call of a strict budget waits for the store, milliseconds. */
  readonly waitMs: number;
  /** Whether an error says nothing about the availability of the store. */
  readonly isAnswer: (error: unknown) => boolean;
  /** Called when the store is found to be unavailable, and when it is available again. */
  readonly onChange: (available: boolean, cause?: unknown) => void;
  /** Called when the store has answered, the first time. */
  readonly onFirstAnswer: () => void;
}

/** Whether a store is available, and how long it is waited for. */
export class Availability {
  readonly #options: AvailabilityOptions;
  #isAvailable = true;
  #hasAnswered = false;

  constructor(options: AvailabilityOptions) {
    this.#options = options;
  }

  /** Whether the store answered in time when it was asked last. */
  get isAvailable(): boolean {
    return this.#isAvailable;
  }

  /** How long the store is waited for now, milliseconds. @param isStrict whether it decides about a strict budget */
  waitMs(isStrict = true): number {
    const { waitMs } = this.#options;
    if (!this.#isAvailable) return Math.min(waitMs, UNAVAILABLE_WAIT_MS);
    return isStrict ? waitMs : Math.min(waitMs, LENIENT_WAIT_MS);
  }

  /**
   * Waits for an answer of the store, and learns from it whether the store is available.
   * @param keepsAliveMs for how long the process is kept alive for it, milliseconds
   * @throws StoreError if the answer does not come in time, and what it rejects with
   */
  async within<T>(answer: Promise<T>, waitMs: number, keepsAliveMs = waitMs): Promise<T> {
    const late = (): StoreError => new StoreError(`the store did not answer within ${waitMs} ms`);
    try {
      const value = await withTimeout(answer, waitMs, late, { keepsAliveMs });
      this.set(true);
      return value;
    } catch (error) {
      if (this.#options.isAnswer(error)) throw error;
      this.set(false, error);
      // It may still come.
      answer.then(
        () => this.set(true),
        () => undefined,
      );
      throw error;
    }
  }

  /** Records whether the store is available. */
  set(isAvailable: boolean, cause?: unknown): void {
    if (isAvailable && !this.#hasAnswered) {
      this.#hasAnswered = true;
      this.#options.onFirstAnswer();
    }
    if (isAvailable === this.#isAvailable) return;
    this.#isAvailable = isAvailable;
    this.#options.onChange(isAvailable, cause);
  }
}
