import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { loadEntryModule } from '../../util/index.ts';
import type * as LocalQuota from '../local-quota/index.ts';
import type * as Redis from '../redis/index.ts';
import type { StoreKind } from './store-kind.ts';

/** A ledger on a Redis or Valkey server. */
export interface RedisUrl {
  readonly kind: 'redis';
  /** redis:// or rediss://, with user and password. */
  readonly url: string;
}

/** How long a ledger that has lost data recovers at least, milliseconds. */
const MIN_RECOVERY_MS = 30_000;

/** `redis://…` and `rediss://…` */
export const redisKind: StoreKind<RedisUrl> = {
  kind: 'redis',
  syntax: 'the URL of a Redis such as redis://localhost:6379',
  isShared: true,

  parseUrl: (text) => (/^rediss?:\/\/.+$/.test(text) ? { kind: 'redis', url: text } : undefined),

  check: ({ url }) => loadRedis().checkRedis(url),

  openStore: ({ url }, { waitMs, localQuota, leaseMs, ...listeners }) => {
    // Every process renews its quotas within a lease, and so hears of a loss while the ledger recovers.
    const recovery = leaseMs === undefined ? {} : { recoveryMs: Math.max(leaseMs, MIN_RECOVERY_MS) };
    const redis = connect({ url, timeoutMs: waitMs, ...recovery, ...listeners });
    if (!localQuota) return redis;
    const { LocalQuotaStore } = loadEntryModule('stores/local-quota/index') as typeof LocalQuota;
    return new LocalQuotaStore(redis, leaseMs === undefined ? {} : { leaseMs });
  },

  openLedger: ({ url }, waitMs) => connect({ url, timeoutMs: waitMs }),

  // A directory for each ledger, whose name shows no password.
  journalDirectory: ({ url }, stateDirectory) => {
    const { host, pathname } = new URL(url);
    const ledger = createHash('sha256').update(`${host}${pathname}`).digest('hex').slice(0, 16);
    return join(stateDirectory, `redis-${ledger}`);
  },
};

function connect(options: Redis.RedisStoreOptions): Redis.RedisStore {
  const { checkRedisUrl, RedisStore } = loadRedis();
  checkRedisUrl(options.url);
  return new RedisStore(options);
}

function loadRedis(): typeof Redis {
  return loadEntryModule('stores/redis/index') as typeof Redis;
}
