import { createRequire } from 'node:module';
import type { FailurePolicy, Store } from '../budget/index.ts';
import type * as Slices from './local-quota/index.ts';
import { MemoryStore } from './memory-store.ts';
import type * as Redis from './redis/index.ts';
import { ResilientStore } from './resilient-store.ts';
import type * as Sqlite from './sqlite/index.ts';

/** Which store, and what happens while it is away. */
export interface StoreSettings {
  /** `memory`, `sqlite:PATH`, or the URL of a Redis. */
  readonly store: string;
  readonly failurePolicy: FailurePolicy;
  /** How long a shared store may take to answer, milliseconds. */
  readonly storeTimeoutMs: number;
  /** Whether a process holds slices of budgets that are in Redis, so that most calls need no round trip; true where absent. */
  readonly localQuota?: boolean;
  /** How long a slice outlives its process, milliseconds; 30,000 where absent. */
  readonly leaseMs?: number;
  /** Told when a shared store is found to be away, and when it is back. */
  readonly onChange?: (available: boolean, cause?: unknown) => void;
}

const require = createRequire(import.meta.url);

/**
 * The store that the settings name. Each is loaded where it is used; a shared one is wrapped so that its failures become
 * what the failure policy says.
 * @throws StoreError where it can be told at once that the store cannot be used
 */
export function openStore(settings: StoreSettings): Store {
  const { store, failurePolicy, storeTimeoutMs, onChange } = settings;
  if (store === 'memory') return new MemoryStore();
  const shared = openShared(settings);
  return new ResilientStore(shared.store, {
    failurePolicy,
    timeoutMs: 2 * storeTimeoutMs,
    answersAlone: shared.sliced,
    ...(onChange === undefined ? {} : { onChange }),
  });
}

function openShared({
  store,
  storeTimeoutMs: timeoutMs,
  localQuota: slices = true,
  leaseMs,
}: StoreSettings): {
  store: Store;
  sliced: boolean;
} {
  if (store.startsWith('sqlite:')) {
    const { SqliteStore } = require('./sqlite/index.js') as typeof Sqlite;
    const path = store.slice('sqlite:'.length);
    return { store: new SqliteStore(path, { busyTimeoutMs: timeoutMs }), sliced: false };
  }
  const { RedisStore } = require('./redis/index.js') as typeof Redis;
  const redis = new RedisStore({ url: store, timeoutMs });
  if (!slices) return { store: redis, sliced: false };
  const { LocalQuotaStore } = require('./local-quota/index.js') as typeof Slices;
  return { store: new LocalQuotaStore(redis, leaseMs === undefined ? {} : { leaseMs }), sliced: true };
}
