import type { ScriptReply } from '../replies.ts';
import { KnownLedger, type LedgerPauses } from './known-ledger.ts';
import { OpenReservations } from './open-reservations.ts';

/** How many accounts, or reservations, one script writes back. */
const PER_SCRIPT = 200;

/** How much of the answers of the server is needed to write it back if the server forgets it. */
export class LedgerMemory {
  readonly known: KnownLedger;
  readonly reservations = new OpenReservations();
  readonly #onLost: () => void;
  #isRestored = true;
  #restoring: Promise<void> | undefined;

  /**
   * @param onLost called when the ledger is found to have forgotten something
   */
  constructor(pauses: LedgerPauses, onLost: () => void) {
    this.known = new KnownLedger(pauses);
    this.#onLost = onLost;
  }

  /** Whether what this process knows has to be written back. */
  get isLost(): boolean {
    return !this.#isRestored;
  }

  /** Learns from an answer. @param sentId as for {@link KnownLedger.learn} */
  learn(reply: ScriptReply, sentId: string): void {
    if (!this.known.learn(reply, sentId)) return;
    this.#isRestored = false;
    this.#onLost();
  }

  /**
   * Writes back what this process knows, unless the ledger has it. Concurrent calls share one attempt.
   * @param run runs the script `restore` with its argument
   */
  async restore(run: (argument: string) => Promise<unknown>): Promise<void> {
    if (this.#isRestored) return;
    this.#restoring ??= this.#restore(run).finally(() => {
      this.#restoring = undefined;
    });
    await this.#restoring;
  }

  async #restore(run: (argument: string) => Promise<unknown>): Promise<void> {
    const { id } = this.known;
    const send = (part: { ended?: unknown[]; accounts?: unknown[]; open?: unknown[] }): Promise<unknown> =>
      run(JSON.stringify({ ended: [], accounts: [], open: [], ...part }));
    // In this order: what a reservation was charged is part of what its account has settled.
    for (const ended of chunksOf(this.reservations.ended())) await send({ ended });
    for (const chunk of chunksOf(this.known.unbooked())) {
      await send({ accounts: [...chunk] });
      this.known.booked(chunk);
    }
    for (const open of chunksOf(this.reservations.toRestore())) await send({ open });
    // It may have been lost again meanwhile.
    if (this.known.id === id) this.#isRestored = true;
  }
}

function chunksOf<T>(items: readonly T[]): T[][] {
  const chunks: T[][] = [];
  for (let from = 0; from < items.length; from += PER_SCRIPT)
    chunks.push(items.slice(from, from + PER_SCRIPT));
  return chunks;
}
