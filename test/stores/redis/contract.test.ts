import { after, before, describe } from 'node:test';
import { RedisStore } from '../../../src/stores/redis/redis-store.ts';
import {
  CAN_SET_CLOCK,
  REDIS_MISSING,
  type RedisServer,
  startRedisServer,
} from '../../support/redis-server.ts';
import { storeContract, type TestClock } from '../contract.ts';
import { type AdminHarness, adminContract } from '../contract-admin.ts';

describe('on a server of its own', { skip: REDIS_MISSING }, () => {
  let server: RedisServer;
  let prefixes = 0;
  let aheadMs = 0;
  before(async () => {
    server = await startRedisServer({ clock: CAN_SET_CLOCK });
  });
  after(() => server.close());

  // The server's own clock is set, because it decides windows and leases. It is not reset between tests.
  const clock: TestClock = {
    now: () => Date.now() + aheadMs,
    advance: (ms) => {
      aheadMs += ms;
      server.setClock(aheadMs);
    },
  };

  const redis = async (): Promise<AdminHarness> => {
    prefixes += 1;
    const prefix = `ledger ${prefixes}`;
    const stores: RedisStore[] = [];
    const open = (): RedisStore => {
      const store = new RedisStore({ url: server.url, prefix, timeoutMs: 5_000 });
      stores.push(store);
      return store;
    };
    const store = open();
    return {
      store,
      administration: store,
      ...(CAN_SET_CLOCK ? { clock, driftMs: 3_000 } : {}),
      reopen: async () => open(),
      close: async () => {
        for (const store of stores) await store.close();
      },
    };
  };

  storeContract('redis', redis);
  adminContract('redis', redis);
});
