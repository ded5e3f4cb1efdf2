import { JobStoppedError } from '../errors.ts';
import type { JobReason } from '../state/index.ts';

export interface StopOptions {
  /** Told to stop. */
  readonly signal?: AbortSignal | undefined;
  /** The lock of the job: aborted where it is lost. */
  readonly lock?: AbortSignal | undefined;
  /** When its time is over, milliseconds since the epoch. */
  readonly deadline: number;
  readonly now: () => number;
}

/** The longest that a timer of Node takes, milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Whether a job is to stop, and why: the first reason holds. */
export class StopSwitch {
  readonly #controller = new AbortController();
  readonly #options: StopOptions;
  readonly #undo: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #reason: 'deadline' | 'signal' | 'error' | undefined;

  constructor(options: StopOptions) {
    this.#options = options;
    this.#follow(options.signal, 'signal');
    this.#follow(options.lock, 'error');
    this.#watchDeadline();
  }

  /** Aborted with a JobStoppedError, or with what the lock was lost by. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get reason(): JobReason | undefined {
    // The timer may be late where the process was busy.
    if (this.#options.now() >= this.#options.deadline) this.#stop('deadline');
    return this.#reason;
  }

  /** @throws the reason, where it is to stop */
  throwIfStopped(): void {
    if (this.reason !== undefined) throw this.signal.reason;
  }

  /** Rejects some time after it is to stop: for work that does not listen. */
  rejectAfterGrace(graceMs: number): { readonly rejected: Promise<never>; readonly forget: () => void } {
    let timer: NodeJS.Timeout | undefined;
    let begin = (): void => undefined;
    const rejected = new Promise<never>((_, reject) => {
      begin = () => {
        timer = setTimeout(() => reject(this.signal.reason), graceMs);
      };
    });
    // Nobody waits for it any more once the work is done.
    rejected.catch(() => undefined);
    if (this.signal.aborted) begin();
    else this.signal.addEventListener('abort', begin, { once: true });
    const forget = (): void => {
      clearTimeout(timer);
      this.signal.removeEventListener('abort', begin);
    };
    return { rejected, forget };
  }

  /** Listens no more. */
  close(): void {
    clearTimeout(this.#timer);
    for (const undo of this.#undo) undo();
  }

  #follow(signal: AbortSignal | undefined, reason: 'signal' | 'error'): void {
    if (signal === undefined) return;
    const stop = (): void => this.#stop(reason, signal.reason);
    if (signal.aborted) {
      stop();
      return;
    }
    signal.addEventListener('abort', stop, { once: true });
    this.#undo.push(() => signal.removeEventListener('abort', stop));
  }

  #watchDeadline(): void {
    const { deadline, now } = this.#options;
    if (deadline === Number.POSITIVE_INFINITY) return;
    const left = deadline - now();
    if (left <= 0) {
      this.#stop('deadline');
      return;
    }
    this.#timer = setTimeout(() => this.#watchDeadline(), Math.min(left, LONGEST_TIMER_MS)).unref();
  }

  #stop(reason: 'deadline' | 'signal' | 'error', cause?: unknown): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller.abort(
      reason === 'error' && cause instanceof Error ? cause : new JobStoppedError(reason, cause),
    );
  }
}
