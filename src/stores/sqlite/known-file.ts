import { LedgerLostError } from '../../budget/index.ts';

/** The identity of a ledger file. */
export interface FileMark {
  readonly id: string;
  /** When an operator last confirmed it, milliseconds since the epoch; 0: never. */
  readonly confirmedAt: number;
  /** Returns how often an account was changed; undefined if there is no such account. */
  readonly generationOf: (account: number) => number | undefined;
}

const OLDER = 'has lost its last changes: it is an older copy, or its -wal file was deleted';

/**
 * What this process has seen of a ledger file: its id, and how often each account was changed. A file with another
 * id was put in its place, and one whose accounts were changed less often is an older copy. Neither is used until
 * an operator confirms it.
 */
export class KnownFile {
  readonly #path: string;
  #id: string | undefined;
  readonly #generations = new Map<number, number>();
  /** Those that a transaction has seen, which is not committed yet. */
  readonly #uncommitted = new Map<number, number>();
  #usedAt = 0;
  #replacements = 0;
  /** The file that was refused last. */
  #refused: Pick<FileMark, 'id' | 'confirmedAt'> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Whether the file was in use before. */
  get isKnown(): boolean {
    return this.#id !== undefined;
  }

  /** How many other ledgers were accepted in place of the first. */
  get replacements(): number {
    return this.#replacements;
  }

  /**
   * Accepts a file that was opened.
   * @throws LedgerLostError if it is another ledger than before, or an older copy, and was not confirmed since
   */
  accept({ id, confirmedAt, generationOf }: FileMark): void {
    const isOther = this.#id !== undefined && id !== this.#id;
    const isOlder = (): boolean =>
      [...this.#generations].some(([account, generation]) => (generationOf(account) ?? -1) < generation);
    if (isOther || isOlder()) {
      if (!this.#isConfirmed(id, confirmedAt)) {
        this.#refused = { id, confirmedAt };
        throw this.lostError(isOther ? 'was replaced by another ledger while it was in use' : OLDER);
      }
      this.#generations.clear();
      this.#replacements += 1;
    }
    this.#id = id;
    this.#refused = undefined;
  }

  /**
   * Checks an account that was read.
   * @param isFinal whether what was read is committed
   * @throws LedgerLostError if it was changed less often than this process knows
   */
  observe(account: number, generation: number, isFinal: boolean): void {
    if (generation < (this.#generations.get(account) ?? 0)) {
      throw this.lostError(OLDER);
    }
    (isFinal ? this.#generations : this.#uncommitted).set(account, generation);
  }

  /** Keeps what the transaction has seen. */
  commit(): void {
    this.#usedAt = Date.now();
    for (const [account, generation] of this.#uncommitted) this.#generations.set(account, generation);
    this.#uncommitted.clear();
  }

  /** Forgets what the transaction has seen. */
  rollBack(): void {
    this.#uncommitted.clear();
  }

  /** Whether it was confirmed after this process last used a file, or refused this one: a clock may be wrong. */
  #isConfirmed(id: string, confirmedAt: number): boolean {
    const refused = this.#refused;
    return confirmedAt >= this.#usedAt || (refused?.id === id && refused.confirmedAt !== confirmedAt);
  }

  /** Returns the error for a file that is not what it was. @param what happened to it */
  lostError(what: string): LedgerLostError {
    return new LedgerLostError(
      '',
      `The ledger ${this.#path} ${what}. Put the file back, with its -wal file, to keep what was spent, or accept what ` +
        `is there now: token-budget confirm --store sqlite:${this.#path}. Until then calls are denied.`,
    );
  }
}
