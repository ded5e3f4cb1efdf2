import { StoreError, StoreSetupError } from '../budget/index.ts';
import { withTimeout } from '../util/index.ts';

/** How long calls of budgets that are not strict wait at most, milliseconds: the store decides nothing for them. */
const LENIENT_WAIT_MS = 1_000;

/** How long calls wait while the store is known to be unavailable, milliseconds. */
export const UNAVAILABLE_WAIT_MS = 250;

/** For how long a store that has not answered yet may fail before that is reported, milliseconds: it may be starting. */
const STARTING_MS = 2_000;

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
  /** Called once if the store cannot be used until its set-up is corrected, before it has answered for the first time. */
  readonly onSetupError?: ((error: StoreSetupError) => void) | undefined;
}

/** Whether a store is available, and how long it is waited for. */
export class Availability {
  readonly #options: AvailabilityOptions;
  #isAvailable = true;
  /** Whether an outage was reported that has not ended. */
  #isReported = false;
  #hasAnswered = false;
  #isSetupReported = false;
  /** Why it could not be reached last; undefined once it has answered. */
  #failure: StoreError | undefined;
  #starting: NodeJS.Timeout | undefined;
  /** Whether anything is known of the store: it has answered, or failed. */
  #isKnown = false;
  /** Called when something is known of the store. */
  readonly #firstWords = new Set<() => void>();

  constructor(options: AvailabilityOptions) {
    this.#options = options;
  }

  /** Whether the store answered in time when it was asked last. */
  get isAvailable(): boolean {
    return this.#isAvailable;
  }

  /** Whether the store has ever answered. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** How long the store is waited for now, milliseconds. @param isStrict whether it decides about a strict budget */
  waitMs(isStrict = true): number {
    const { waitMs } = this.#options;
    if (!this.#isAvailable) return Math.min(waitMs, UNAVAILABLE_WAIT_MS);
    return isStrict ? waitMs : Math.min(waitMs, LENIENT_WAIT_MS);
  }

  /**
   * Waits for an answer of the store, and learns from it whether the store is available. A call that would wait
   * for a short time only waits in addition until the store has answered something, or is known to be unavailable.
   * @param keepsAliveMs for how long the process is kept alive for it, milliseconds
   * @throws StoreError if the answer does not come in time, and what it rejects with
   */
  async within<T>(answer: Promise<T>, waitMs: number, keepsAliveMs = waitMs): Promise<T> {
    const late = (): StoreError => this.#late(waitMs);
    try {
      if (waitMs < this.#options.waitMs) await this.#firstWord(answer, keepsAliveMs);
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
    this.#isAvailable = isAvailable;
    this.#learn();
    if (isAvailable) this.#failure = undefined;
    if (!isAvailable) {
      this.#reportOutage(cause);
      return;
    }
    if (!this.#isReported) return;
    this.#isReported = false;
    this.#options.onChange(true);
  }

  /**
   * Records why the store cannot be reached, while calls are still waiting for it. Before it has answered for the
   * first time, that is reported if it lasts, or at once if it will not pass.
   */
  fail(error: StoreError): void {
    this.#failure = error;
    if (this.#hasAnswered) return;
    if (error instanceof StoreSetupError) {
      this.set(false, error);
      return;
    }
    this.#learn();
    this.#starting ??= setTimeout(() => {
      if (!this.#hasAnswered) this.#reportOutage(error);
    }, STARTING_MS).unref();
  }

  /** Reports nothing more that happened before the store has answered. */
  close(): void {
    clearTimeout(this.#starting);
  }

  #reportOutage(cause: unknown): void {
    if (cause instanceof StoreSetupError && !this.#hasAnswered && !this.#isSetupReported) {
      this.#isSetupReported = true;
      this.#options.onSetupError?.(cause);
    }
    const isNew = !this.#isReported;
    this.#isReported = true;
    if (isNew) this.#options.onChange(false, cause);
  }

  /** Waits until something is known of the store, as long as a call of a strict budget would. */
  async #firstWord(answer: Promise<unknown>, keepsAliveMs: number): Promise<void> {
    if (this.#isKnown) return;
    const { waitMs } = this.#options;
    const known = new Promise<void>((resolve) => this.#firstWords.add(resolve));
    const late = (): StoreError => this.#late(waitMs);
    const isAnswered = answer.then(
      () => undefined,
      () => undefined,
    );
    const keepsAlive = keepsAliveMs === 0 ? { keepsAliveMs } : {};
    await withTimeout(Promise.race([isAnswered, known]), waitMs, late, keepsAlive);
  }

  #late(waitMs: number): StoreError {
    return this.#failure ?? new StoreError(`the store did not answer within ${waitMs} ms`);
  }

  #learn(): void {
    this.#isKnown = true;
    for (const resume of this.#firstWords) resume();
    this.#firstWords.clear();
  }
}
