import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { type SlowProxy, startSlowProxy } from '../support/slow-proxy.ts';

/** The stores that a budget is spent on. */
export const STORES = ['sqlite', 'redis', 'redis with quotas'] as const;

export type StoreName = (typeof STORES)[number];

/** The store of one round, and what weather can do to it. */
export interface Ground {
  /** The setting by which processes open it; that of Redis leads through the proxy. */
  readonly setting: string;
  readonly localQuota: boolean;
  /** Present where the store is Redis. */
  readonly redis?: RedisServer;
  readonly proxy?: SlowProxy;
  /** Holds the write lock of the SQLite file, once it can be had. */
  readonly holdLock: (ms: number) => Promise<void>;
  /** Takes the store away for a time: Redis is killed and started again with what it has on disk, the file is locked. */
  readonly away: (ms: number) => Promise<void>;
  /** The journals of what is owed that nobody has booked yet. */
  readonly journals: () => readonly string[];
  readonly close: () => Promise<void>;
}

/** Makes an empty store below a directory. */
export function openGround(store: StoreName, directory: string): Promise<Ground> {
  return store === 'sqlite' ? sqliteGround(directory) : redisGround(store === 'redis with quotas', directory);
}

async function sqliteGround(directory: string): Promise<Ground> {
  const path = join(directory, 'ledger.db');
  return {
    setting: `sqlite:${path}`,
    localQuota: false,
    holdLock: (ms) => holdLock(path, ms),
    away: (ms) => holdLock(path, ms),
    journals: () => filesBelow(`${path}.owed`),
    close: async () => {},
  };
}

async function redisGround(localQuota: boolean, directory: string): Promise<Ground> {
  const redis = await startRedisServer({ appendonly: true });
  const proxy = await startSlowProxy(redis.port, 0);
  let back = Promise.resolve();
  const away = async (ms: number): Promise<void> => {
    await redis.kill();
    await sleep(ms);
    await redis.restart();
  };
  return {
    setting: `redis://127.0.0.1:${proxy.port}`,
    localQuota,
    redis,
    proxy,
    holdLock: async () => {},
    // One after the other: two conditions may want it at once.
    away: (ms) => {
      back = back.then(() => away(ms));
      return back;
    },
    journals: () => filesBelow(stateDirectory(directory)),
    close: async () => {
      await proxy.close();
      await redis.close();
    },
  };
}

/** Where the processes of a round keep what outlives them. */
export function stateDirectory(directory: string): string {
  return join(directory, 'state', 'otel-token-budget');
}

async function holdLock(path: string, ms: number): Promise<void> {
  if (!existsSync(path)) return;
  const { DatabaseSync } = await import('node:sqlite');
  // Without a time-out of SQLite's, which would block the service of this process.
  const holder = new DatabaseSync(path, { timeout: 0 });
  try {
    for (let tries = 0; tries < 500; tries += 1) {
      try {
        holder.exec('BEGIN IMMEDIATE');
        await sleep(ms);
        holder.exec('COMMIT');
        return;
      } catch {
        await sleep(2);
      }
    }
  } finally {
    holder.close();
  }
}

function filesBelow(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}
