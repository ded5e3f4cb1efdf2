/** The handlers of {@link SignalListeners}. */
export interface SignalHandlers {
  /** The signal arrived, and the host does not listen for it, so it ends the process. */
  readonly onEnd: (signal: NodeJS.Signals) => void;
  /** The signal arrived, and the host's listeners are about to decide what becomes of the process. */
  readonly onHosts: (signal: NodeJS.Signals) => void;
}

/**
 * Our listeners of signals. They come before the host's, and are removed while those run: a listener may end the process
 * only if it is the last one, as those of the signal-exit package do.
 */
export class SignalListeners {
  readonly #own = new Map<NodeJS.Signals, NodeJS.SignalsListener>();

  /** Starts to listen. */
  constructor(signals: readonly NodeJS.Signals[], { onEnd, onHosts }: SignalHandlers) {
    for (const signal of signals) {
      this.#own.set(signal, (_, number?: number) => {
        if (this.hasOthers(signal)) {
          this.stepAside(signal);
          onHosts(signal);
        } else if (number !== undefined) {
          onEnd(signal);
        }
        // Otherwise the program has called `process.emit()`, which ends nothing: Node passes a number.
      });
      this.#listen(signal);
    }
    // The host may remove all listeners of a signal, to have its default action again. Ours returns later, not at once: code
    // may remove listeners until there are none.
    process.on('removeListener', (event: NodeJS.Signals, listener) => {
      if (this.#own.get(event) === listener) this.#listenSoon(event);
    });
  }

  /** Whether the host listens for a signal, too. */
  hasOthers(signal: NodeJS.Signals): boolean {
    const own = this.#own.get(signal);
    return process.listeners(signal).some((listener) => listener !== own);
  }

  /**
   * Listens for all signals at once, so that none ends the process while it is busy with its exit: npm, a terminal and
   * others may send the same signal twice.
   */
  holdOff(): void {
    for (const signal of this.#own.keys()) this.#listen(signal);
  }

  /** Removes our listener until the event loop turns, which it does only if the process lives on. */
  stepAside(signal: NodeJS.Signals): void {
    const own = this.#own.get(signal);
    if (own === undefined) return;
    process.removeListener(signal, own);
    // The event of the removal is not sent where the host has removed its listeners.
    this.#listenSoon(signal);
  }

  #listenSoon(signal: NodeJS.Signals): void {
    setImmediate(() => this.#listen(signal));
  }

  #listen(signal: NodeJS.Signals): void {
    const own = this.#own.get(signal);
    if (own === undefined || process.listeners(signal).includes(own)) return;
    process.prependListener(signal, own);
  }
}
