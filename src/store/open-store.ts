import { createRequire } from 'node:module';
import { type FailurePolicy, ResilientStore, type Store } from '../budget/index.ts';
import { MemoryStore } from './memory.ts';
import type * as Redis from './redis.ts';
import type * as Sqlite from './sqlite.ts';

export interface StoreSettings {
  /** `memory`, `sqlite:PATH`, or the URL of a Redis. */
  readonly store: string;
  readonly failurePolicy: FailurePolicy;
  /** How long a shared store may take to answer, milliseconds. */
  readonly storeTimeoutMs: number;
  /** Told when a shared store is found to be away, and when it is back. */
  readonly onChange?: (available: boolean, cause?: unknown) => void;
}

const require = createRequire(import.meta.url);

/**
 * The store that the settings name. Each is loaded where it is used; a shared one is wrapped so that its failures become
 * what the failure policy says.
 * @throws StoreError where it can be told at once that the store cannot be used
 */
export function openStore({ store, failurePolicy, storeTimeoutMs, onChange }: StoreSettings): Store {
  if (store === 'memory') return new MemoryStore();
  const options = {
    failurePolicy,
    timeoutMs: 2 * storeTimeoutMs,
    ...(onChange === undefined ? {} : { onChange }),
  };
  return new ResilientStore(openShared(store, storeTimeoutMs), options);
}

function openShared(store: string, timeoutMs: number): Store {
  if (store.startsWith('sqlite:')) {
    const { SqliteStore } = require('./sqlite.js') as typeof Sqlite;
    return new SqliteStore(store.slice('sqlite:'.length), { busyTimeoutMs: timeoutMs });
  }
  const { RedisStore } = require('./redis.js') as typeof Redis;
  return new RedisStore({ url: store, timeoutMs });
}
