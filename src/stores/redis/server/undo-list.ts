import type { Script } from '../scripts.ts';

/** The keys and arguments of a script. */
export interface ScriptParameters {
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/** A script that undoes another, which may or may not have been executed. */
export interface Undo extends ScriptParameters {
  readonly script: Script;
}

/** How many are kept. Beyond that, leases end by themselves, and charges stay. */
const MAX_UNDOS = 10_000;

/** The pause before a retry, milliseconds. */
const RETRY_MS = 1_000;

/**
 * What has to be undone when the server answers again. Each undo names what it undoes, so that it can be
 * repeated safely.
 */
export class UndoList {
  readonly #send: (undo: Undo) => Promise<unknown>;
  readonly #undos = new Set<Undo>();
  #retryTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(send: (undo: Undo) => Promise<unknown>) {
    this.#send = send;
  }

  /** Adds an undo. @param sendNow whether to send it at once, rather than on the next connection */
  add(undo: Undo, sendNow: boolean): void {
    if (this.#isClosed || this.#undos.size >= MAX_UNDOS) return;
    this.#undos.add(undo);
    if (sendNow) this.#run(undo);
  }

  /** Sends all of them. */
  flush(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    for (const undo of this.#undos) this.#run(undo);
  }

  /** Forgets all of them. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retryTimer);
    this.#undos.clear();
  }

  #run(undo: Undo): void {
    this.#send(undo).then(
      () => this.#undos.delete(undo),
      () => this.#retryLater(),
    );
  }

  #retryLater(): void {
    if (this.#isClosed || this.#undos.size === 0) return;
    this.#retryTimer ??= setTimeout(() => this.flush(), RETRY_MS).unref();
  }
}
