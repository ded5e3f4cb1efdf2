/** What can be in the list: it keeps its own place. */
export interface Indexed {
  /** Where it is in the list; the list's own. */
  place: number;
  /** Ends the call: it will not be seen to end. */
  abandoned(why: string): void;
}

/**
 * The calls that have begun and not ended. Not a `Set`: one whose members come and go one by one is made anew every few calls, and
 * each of its old tables points to the next, so that what was in them (a call with all of its response) outlives the collection of
 * young garbage.
 */
export class ActiveCalls implements Iterable<Indexed> {
  readonly #calls: Indexed[] = [];

  add(call: Indexed): void {
    call.place = this.#calls.push(call) - 1;
  }

  delete(call: Indexed): void {
    if (this.#calls[call.place] !== call) return;
    const last = this.#calls.pop();
    if (last === undefined || last === call) return;
    this.#calls[call.place] = last;
    last.place = call.place;
  }

  [Symbol.iterator](): Iterator<Indexed> {
    return this.#calls.values();
  }
}
