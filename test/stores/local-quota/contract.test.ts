import { LocalQuotaStore } from '../../../src/stores/local-quota/local-quota-store.ts';
import { MemoryStore } from '../../../src/stores/memory-store.ts';
import { type StoreHarness, storeContract } from '../contract.ts';

// Its leases are measured by the machine's clock, and its reservations end with their process, as in the
// memory store.
storeContract('local-quota', async (): Promise<StoreHarness> => {
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
