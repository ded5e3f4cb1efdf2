/** An entry of {@link ActiveCalls}. */
export interface ActiveCall {
  /** Its position in the list; set by the list. */
  index: number;
  /** Ends the call whose end will not be seen. */
  abandon(why: string): void;
}

/**
 * The calls that have started and not ended. Not a `Set`: one whose members come and go is rebuilt every few
 * calls, and each of its old tables points to the next, so that former members (a call with its whole response)
 * outlive the collection of young garbage.
 */
export class ActiveCalls implements Iterable<ActiveCall> {
  readonly #calls: ActiveCall[] = [];

  /** Adds a call. */
  add(call: ActiveCall): void {
    call.index = this.#calls.push(call) - 1;
  }

  /** Removes a call; does nothing if it is not in the list. */
  delete(call: ActiveCall): void {
    if (this.#calls[call.index] !== call) return;
    const last = this.#calls.pop();
    if (last === undefined || last === call) return;
    this.#calls[call.index] = last;
    last.index = call.index;
  }

  /** The active calls, in no particular order. */
  [Symbol.iterator](): Iterator<ActiveCall> {
    return this.#calls.values();
  }
}
