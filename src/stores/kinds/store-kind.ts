import type { LedgerAdmin, Store, StoreError, StoreFinding } from '../../budget/index.ts';

/** A shared ledger as an operator uses it: to look at and to change. */
export type Ledger = Store & LedgerAdmin;

/** How a ledger is opened for calls. */
export interface OpenOptions {
  /** How long a call waits for the answer of a shared store, milliseconds. */
  readonly waitMs: number;
  /** Whether the process reserves local quotas, where the store supports them. */
  readonly localQuota: boolean;
  /** How long a local quota outlives its process, milliseconds. */
  readonly leaseMs: number | undefined;
  /** Called when the ledger is found to have lost data, with what happened and what to do. */
  readonly onLost?: (what: string) => void;
  /** Called each time the store cannot be reached, at once: calls may still be waiting for it. */
  readonly onFailure?: (error: StoreError) => void;
  /** Called once the store is in use, with each problem of its set-up. */
  readonly onFinding?: (finding: StoreFinding) => void;
}

/**
 * A kind of store: what its URL looks like, and how its ledger is opened. The code of the store itself is
 * loaded when a ledger is opened, so that a process loads only the store that it uses.
 */
export interface StoreKind<Url extends { readonly kind: string } = { readonly kind: string }> {
  readonly kind: Url['kind'];
  /** How its URL is written, for messages. */
  readonly syntax: string;
  /** Whether several processes can use one ledger. */
  readonly isShared: boolean;
  /** Parses a URL of this kind; returns undefined for any other text. */
  parseUrl(text: string): Url | undefined;
  /**
   * Checks what is known about a store without opening it. No store of this process may be open.
   * @throws StoreSetupError if the store cannot be used
   */
  check(url: Url): void;
  /** Opens the ledger for calls. */
  openStore(url: Url, options: OpenOptions): Store;
  /**
   * Opens the ledger for an operator.
   * @param create whether one that does not exist is created
   * @throws StoreError if there is no such ledger
   */
  openLedger(url: Url, waitMs: number, create: boolean): Ledger;
  /**
   * Returns the directory of the journals of what is owed to an unavailable store.
   * @param stateDirectory for what outlives a process on this host
   */
  journalDirectory(url: Url, stateDirectory: string): string;
}
