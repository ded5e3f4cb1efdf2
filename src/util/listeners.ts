/** A set of listeners. An error that one throws is ignored: it must not reach whoever notifies them. */
export class Listeners<E> {
  readonly #listeners = new Set<(event: E) => void>();

  /** Adds a listener; the returned function removes it. */
  add(listener: (event: E) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Passes an event to every listener. */
  notify(event: E): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        // The other listeners are notified all the same.
      }
    }
  }
}
