import { JobStoppedError, type StopReason } from '../errors.ts';

/** What can stop a job. */
export interface StopOptions {
  /** Aborted to stop the job. */
  readonly signal?: AbortSignal | undefined;
  /** The job's lock: aborted if it is lost. */
  readonly lock?: AbortSignal | undefined;
  /** When the job's time is over, milliseconds since the epoch. */
  readonly deadline: number;
  readonly now: () => number;
}

/** The longest delay of a Node timer, milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Stops a job for the first of several reasons. */
export class StopSwitch {
  readonly #controller = new AbortController();
  readonly #options: StopOptions;
  readonly #unsubscribe: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #reason: StopReason | undefined;

  constructor(options: StopOptions) {
    this.#options = options;
    this.#stopOnAbort(options.signal, 'signal');
    this.#stopOnAbort(options.lock, 'error');
    this.#stopAtDeadline();
  }

  /** Aborted with a JobStoppedError, or with the error by which the lock was lost. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the job has to stop; undefined while it may run. */
  get reason(): StopReason | undefined {
    // The timer is late if the process is busy.
    if (this.#options.now() >= this.#options.deadline) this.#stop('deadline');
    return this.#reason;
  }

  /** @throws the reason of the signal, if the job has to stop */
  throwIfStopped(): void {
    if (this.reason !== undefined) throw this.signal.reason;
  }

  /** Returns a promise that rejects `graceMs` after the job was stopped, for work that ignores the signal. */
  rejectAfterGrace(graceMs: number): { readonly rejected: Promise<never>; readonly cancel: () => void } {
    const { promise, reject } = Promise.withResolvers<never>();
    // It is not awaited once the work is done.
    promise.catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const startTimer = (): void => {
      timer = setTimeout(() => reject(this.signal.reason), graceMs);
    };
    if (this.signal.aborted) startTimer();
    else this.signal.addEventListener('abort', startTimer, { once: true });
    const cancel = (): void => {
      clearTimeout(timer);
      this.signal.removeEventListener('abort', startTimer);
    };
    return { rejected: promise, cancel };
  }

  /** Removes listeners and timers. */
  close(): void {
    clearTimeout(this.#timer);
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  #stopOnAbort(signal: AbortSignal | undefined, reason: StopReason): void {
    if (signal === undefined) return;
    const stop = (): void => this.#stop(reason, signal.reason);
    if (signal.aborted) {
      stop();
      return;
    }
    signal.addEventListener('abort', stop, { once: true });
    this.#unsubscribe.push(() => signal.removeEventListener('abort', stop));
  }

  #stopAtDeadline(): void {
    const { deadline, now } = this.#options;
    if (deadline === Number.POSITIVE_INFINITY) return;
    const leftMs = deadline - now();
    if (leftMs <= 0) {
      this.#stop('deadline');
      return;
    }
    this.#timer = setTimeout(() => this.#stopAtDeadline(), Math.min(leftMs, MAX_TIMER_MS)).unref();
  }

  #stop(reason: StopReason, cause?: unknown): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const lockError = reason === 'error' && cause instanceof Error ? cause : undefined;
    this.#controller.abort(lockError ?? new JobStoppedError(reason, cause));
  }
}
