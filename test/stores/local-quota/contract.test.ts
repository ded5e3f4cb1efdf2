import { LocalQuotaStore } from '../../../src/stores/local-quota/quota-store.ts';
import { MemoryStore } from '../../../src/stores/memory-store.ts';
import { type StoreHarness, storeContract } from '../contract.ts';

// Its own leases go by the machine's time, and its reservations end with their process: as those of the memory store.
storeContract('sliced', async (): Promise<StoreHarness> => {
  let now = Date.UTC(2026, 2, 14, 15, 9, 26, 535);
  const clock = {
    now: () => now,
    advance: (ms: number) => {
      now += ms;
    },
  };
  const remote = Object.assign(new MemoryStore(clock.now), { now: clock.now });
  const store = new LocalQuotaStore(remote, { maintenanceIntervalMs: 1, balancesMaxAgeMs: 0 });
  return { store, clock, close: () => store.close() };
});
