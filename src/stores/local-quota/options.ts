export interface LocalQuotaOptions {
  /** The largest part of what is left that one slice may hold; 1/16 where absent. */
  readonly maxQuotaShare?: number;
  /**
   * For how many calls such as the one at hand a slice is taken at least; 4 where absent. For more where more are open or come in a second:
   * a slice that is larger than what its process spends soon keeps others from spending.
   */
  readonly prefetchCalls?: number;
  /** How long a slice outlives its process, milliseconds; then it is charged in full. 30,000 where absent. */
  readonly leaseMs?: number;
  /** How often slices are renewed, settled and given back, milliseconds; 500 or a fifth of the lease where absent, 0: only by `maintain`. */
  readonly maintenanceIntervalMs?: number;
  /** How long an unused slice is kept, milliseconds; 15,000 where absent. */
  readonly idleMs?: number;
  /** How soon a call has to come after the one before it for a slice to be taken, milliseconds; as long as an unused one is kept where absent. */
  readonly burstWindowMs?: number;
  /** How long no slice is asked for where little is left, or the remote store failed, milliseconds; 1,000 where absent. */
  readonly pauseMs?: number;
  /** How old balances may be that are answered without asking the remote store, milliseconds; 500 where absent. */
  readonly balancesMaxAgeMs?: number;
  /** Time that passed since any moment, milliseconds: leases go by it. The machine's where absent. */
  readonly clock?: () => number;
}
