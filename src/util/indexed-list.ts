/** An entry of an {@link IndexedList}. */
export interface Indexed {
  /** Its position in the list; set by the list. */
  index: number;
}

/**
 * A collection whose members come and go quickly, each of which knows its own position. Not a `Set`: one
 * whose members come and go is rebuilt every few changes, and each of its old tables points to the next, so
 * that former members outlive the collection of young garbage.
 */
export class IndexedList<T extends Indexed> implements Iterable<T> {
  readonly #members: T[] = [];

  /** Adds a member. */
  add(member: T): void {
    member.index = this.#members.push(member) - 1;
  }

  /** Removes a member; does nothing if it is not in the list. */
  delete(member: T): void {
    if (this.#members[member.index] !== member) return;
    const last = this.#members.pop();
    if (last === undefined || last === member) return;
    this.#members[member.index] = last;
    last.index = member.index;
  }

  /** The members, in no particular order. */
  [Symbol.iterator](): Iterator<T> {
    return this.#members.values();
  }
}
