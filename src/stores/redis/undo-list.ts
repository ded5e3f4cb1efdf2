import type { Script } from './scripts.ts';

/** The keys and arguments of a script. */
export interface ScriptParameters {
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/** What takes back a script that was perhaps executed. */
export interface Undo extends ScriptParameters {
  readonly script: Script;
}

/** How many are kept; of more, the leases end, and charges stay. */
const MAX_UNDOS = 10_000;

/** The pause before another try, milliseconds. */
const PAUSE_MS = 1_000;

/** What has to be taken back once the server answers. Each undo names what it undoes, so that one more run does nothing. */
export class UndoList {
  readonly #send: (undo: Undo) => Promise<unknown>;
  readonly #undos = new Set<Undo>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(send: (undo: Undo) => Promise<unknown>) {
    this.#send = send;
  }

  /** @param now send it at once; else with the next connection */
  add(undo: Undo, now: boolean): void {
    if (this.#closed || this.#undos.size >= MAX_UNDOS) return;
    this.#undos.add(undo);
    if (now) this.#run(undo);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const undo of this.#undos) this.#run(undo);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#undos.clear();
  }

  #run(undo: Undo): void {
    this.#send(undo).then(
      () => this.#undos.delete(undo),
      () => this.#later(),
    );
  }

  #later(): void {
    if (this.#closed || this.#undos.size === 0) return;
    this.#timer ??= setTimeout(() => this.flush(), PAUSE_MS).unref();
  }
}
