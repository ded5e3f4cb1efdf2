import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import { SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { type StoreHarness, storeContract, type TestClock } from './contract.ts';
import { type AdminHarness, adminContract } from './contract-admin.ts';

/** Starts at 2026-03-14 15:09 UTC, and advances only by hand. */
function clockOf(): TestClock {
  let now = Date.UTC(2026, 2, 14, 15, 9, 26, 535);
  return {
    now: () => now,
    advance: (ms) => {
      now += ms;
    },
  };
}

storeContract('memory', async (): Promise<StoreHarness> => {
  const clock = clockOf();
  return { store: new MemoryStore(clock.now), clock, close: async () => undefined };
});

const sqlite = async (): Promise<AdminHarness> => {
  const clock = clockOf();
  const directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-contract-'));
  const stores: SqliteStore[] = [];
  const open = (): SqliteStore => {
    const store = new SqliteStore(join(directory, 'ledger.db'), { now: clock.now });
    stores.push(store);
    return store;
  };
  const store = open();
  return {
    store,
    administration: store,
    clock,
    reopen: async () => open(),
    close: async () => {
      for (const store of stores) await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

storeContract('sqlite', sqlite);
adminContract('sqlite', sqlite);

// The Redis store needs a server, and so has a test file of its own, which calls storeContract('redis', …).
