import { StoreError } from '../../budget/index.ts';
import { MemoryStore } from '../memory-store.ts';
import type { StoreKind } from './store-kind.ts';

/** The ledger of one process. */
export interface MemoryUrl {
  readonly kind: 'memory';
}

/** `memory` */
export const memoryKind: StoreKind<MemoryUrl> = {
  kind: 'memory',
  syntax: 'memory',
  isShared: false,

  parseUrl: (text) => (text === 'memory' ? { kind: 'memory' } : undefined),

  check: () => {},

  openStore: () => new MemoryStore(),

  openLedger: () => {
    throw new StoreError(
      'An in-memory ledger can only be seen by its own process. Share it with TOKEN_BUDGET_STORE=sqlite:./budget.db, ' +
        'or with the URL of a Redis.',
    );
  },

  journalDirectory: (_, stateDirectory) => stateDirectory,
};
