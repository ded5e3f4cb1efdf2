import type { ScriptReply } from '../replies.ts';

/** What is known of an account: its key, and its state as the script `restore` reads it. */
export type KnownAccount = readonly [key: string, state: string];

/** How long strict budgets are denied, or wait, milliseconds. */
export interface LedgerPauses {
  /** Denied, once the ledger is known to have forgotten something. */
  readonly recoveryMs: number;
  /** Waited, after a restart of the server, which may have forgotten something. */
  readonly settlingMs: number;
}

/** The most accounts that are known. Beyond that, those known longest are forgotten. */
const MAX_ACCOUNTS = 20_000;

/**
 * What this process has seen of the ledger: its id, its highest generation and the latest state of each account.
 * Every script sends the first two, so that the server finds out if it has forgotten something.
 */
export class KnownLedger {
  #id = '';
  #segment = '-';
  #generation = 0;
  #recoveringUntil = 0;
  #accounts = new Map<string, string>();
  /** The accounts of the ledger before it forgot, which it may lack; of each loss, those known then. */
  #unbooked: KnownAccount[] = [];
  readonly #pauses: LedgerPauses;

  constructor(pauses: LedgerPauses) {
    this.#pauses = pauses;
  }

  /** The id of the ledger; empty if none was seen. */
  get id(): string {
    return this.#id;
  }

  /** Until when strict budgets are denied, by the server's clock, milliseconds since the epoch. */
  get recoveringUntil(): number {
    return this.#recoveringUntil;
  }

  /** Whether anything was seen that the server could forget. */
  get isEmpty(): boolean {
    return this.#accounts.size === 0;
  }

  /** Returns the first argument of a script. @param deadline by the server's clock */
  envelope(deadline: string): string {
    const { recoveryMs, settlingMs } = this.#pauses;
    const id = this.#id === '' ? '-' : this.#id;
    return `${deadline} ${id} ${this.#generation} ${this.#segment} ${recoveryMs} ${settlingMs}`;
  }

  /**
   * Learns from an answer.
   * @param sentId the id that was known when the script was sent: a later answer than that of the script that
   * found the loss says nothing new
   * @returns whether it shows that the ledger has forgotten something
   */
  learn({ mark, accounts }: ScriptReply, sentId: string): boolean {
    if (mark === undefined || mark.id === '') return false;
    const isOther = mark.id !== this.#id;
    if (isOther && this.#id !== '' && sentId !== this.#id) return false;
    const isLost = isOther && this.#id !== '';
    if (isLost) this.#setAside();
    this.#id = mark.id;
    const { generation, segment } = mark;
    if (isOther || generation >= this.#generation) {
      this.#generation = generation;
      this.#segment = segment;
    }
    this.#recoveringUntil = mark.recoveringUntil;
    for (let at = 0; at + 1 < accounts.length; at += 2) {
      this.#accounts.set(accounts[at] ?? '', accounts[at + 1] ?? '');
    }
    if (this.#accounts.size > MAX_ACCOUNTS) this.#forgetOldest();
    return isLost;
  }

  /** Returns what the ledger may lack. */
  unbooked(): readonly KnownAccount[] {
    return this.#unbooked;
  }

  /** Marks accounts as written back. */
  booked(accounts: readonly KnownAccount[]): void {
    const booked = new Set(accounts);
    this.#unbooked = this.#unbooked.filter((known) => !booked.has(known));
  }

  #setAside(): void {
    this.#unbooked = [...this.#unbooked, ...this.#accounts].slice(-MAX_ACCOUNTS);
    this.#accounts = new Map();
  }

  #forgetOldest(): void {
    let over = this.#accounts.size - MAX_ACCOUNTS / 2;
    for (const key of this.#accounts.keys()) {
      if (over <= 0) return;
      over -= 1;
      this.#accounts.delete(key);
    }
  }
}
