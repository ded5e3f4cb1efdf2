/** How a process uses local quotas. */
export interface LocalQuotaOptions {
  /** The largest share of what is left that one quota may hold; default: 1/16. */
  readonly maxQuotaShare?: number;
  /**
   * For how many calls like the present one a quota is reserved at least; default: 4. It is more if more
   * calls are open or come in a second: a quota larger than what its process spends soon keeps others from
   * spending.
   */
  readonly prefetchCalls?: number;
  /** How long a quota outlives its process before it is charged in full, milliseconds; default: 30,000. */
  readonly leaseMs?: number;
  /**
   * How often quotas are renewed, settled and returned, milliseconds; default: 500, or a fifth of the lease
   * if that is less. With 0, only by `maintain`.
   */
  readonly maintenanceIntervalMs?: number;
  /** How long an unused quota is kept, milliseconds; default: 15,000. */
  readonly idleMs?: number;
  /**
   * How soon after another a call has to come for a quota to be reserved, milliseconds; default: `idleMs`.
   */
  readonly burstWindowMs?: number;
  /**
   * How long no quota is reserved after little was left or the remote store failed, milliseconds; default:
   * 1,000.
   */
  readonly pauseMs?: number;
  /**
   * How old balances may be that are answered without asking the remote store, milliseconds; default: 500.
   */
  readonly balancesMaxAgeMs?: number;
  /** A clock of elapsed time, milliseconds, which leases are measured by; default: the machine's. */
  readonly clock?: () => number;
}

/** The options with their defaults. */
export type LocalQuotaSettings = Required<LocalQuotaOptions>;

/** Returns the options with their defaults. */
export function withDefaults(options: LocalQuotaOptions): LocalQuotaSettings {
  const { leaseMs = 30_000, idleMs = 15_000 } = options;
  return {
    maxQuotaShare: 1 / 16,
    prefetchCalls: 4,
    leaseMs,
    maintenanceIntervalMs: Math.min(500, leaseMs / 5),
    idleMs,
    burstWindowMs: idleMs,
    pauseMs: 1_000,
    balancesMaxAgeMs: 500,
    clock: elapsedClock(),
    ...options,
  };
}

/**
 * Returns a clock of elapsed time, milliseconds: by the monotonic clock, or by the wall clock if that
 * advanced further, because the first stops while a machine sleeps. It is safer to assume that a lease ends
 * too early than too late.
 */
function elapsedClock(): () => number {
  const monotonicStart = performance.now();
  const wallStart = Date.now();
  return () => Math.max(performance.now() - monotonicStart, Date.now() - wallStart);
}
