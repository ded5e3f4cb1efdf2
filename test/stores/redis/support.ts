import { after } from 'node:test';
import type { Amounts, ReserveRequest } from '../../../src/budget/index.ts';
import { RedisStore, type RedisStoreOptions } from '../../../src/stores/redis/index.ts';
import { type RedisServer, type RedisServerOptions, startRedisServer } from '../../support/redis-server.ts';

/** A call of at most 60 tokens. */
export function request(id: string, given: Partial<ReserveRequest> = {}): ReserveRequest {
  const fixed = { costNanoUsd: 7, tokens: 10, calls: 1 };
  return { id, leaseMs: 60_000, fixed, outputPicoUsd: 0, choices: 1, outputCap: 50, capped: true, ...given };
}

/** What one call used that cost nothing. */
export function tokens(count: number): Amounts {
  return { costNanoUsd: 0, tokens: count, calls: 1 };
}

/** Servers and stores that are closed after the tests of a suite, the last one first. */
export function closedAfterTests() {
  const ends: (() => Promise<void>)[] = [];
  after(async () => {
    for (const end of ends.reverse()) await end();
  });
  return {
    ends,
    async serve(options?: RedisServerOptions): Promise<RedisServer> {
      const server = await startRedisServer(options);
      ends.push(server.close);
      return server;
    },
    open(options: RedisStoreOptions): RedisStore {
      const store = new RedisStore(options);
      ends.push(() => store.close());
      return store;
    },
  };
}
