import { NotEnforcedError, onAnyBudgetEvent, type TokenBudgetTracker } from '../../budget/index.ts';
import { printLine, processState } from '../../util/index.ts';
import { noteClientSeen } from './client-seen.ts';

/** What a process meters calls with. */
export type MeteredClient = 'openai' | 'fetch' | 'ai-sdk' | 'spans';

const ADVICE =
  'Start the process with --import otel-token-budget/register, or call startBudget before the client is loaded; ' +
  'see docs/opentelemetry.md';

/** Shared by all copies of this package. */
const shared = processState('enforcement', () => ({
  clients: new Set<MeteredClient>(),
  /** Whether the openai SDK is patched when it is loaded. */
  isHooked: false,
  /** Budgets that were made current while nothing was metered. */
  unenforced: new Set<TokenBudgetTracker>(),
  isWaitingForExit: false,
  reported: new WeakSet<TokenBudgetTracker>(),
  isAnyReported: false,
}));

/** Records that calls of this process are metered: a class of an SDK is patched, or a wrapper is in use. */
export function markMetered(client: MeteredClient): void {
  shared.clients.add(client);
  noteClientSeen();
  shared.unenforced.clear();
}

/** Records that clients are patched when they are loaded from now on. */
export function markHooked(): void {
  shared.isHooked = true;
  shared.unenforced.clear();
}

/** Whether any client of this process has been metered. */
export function isAnyClientMetered(): boolean {
  return shared.clients.size > 0;
}

/** Whether a client of this process is metered, or will be when it is loaded. */
export function isEnforced(): boolean {
  return shared.isHooked || isAnyClientMetered();
}

/**
 * Checks that a budget that becomes current is enforced. Where no client is metered, and none will be by the end of
 * the process, one line on stderr and a `not_enforced` event say so.
 * @param what what made it current, such as `withBudget`
 * @throws NotEnforcedError if the tracker requires enforcement and no client is metered
 */
export function checkEnforcement(tracker: TokenBudgetTracker, what: string): void {
  if (isEnforced()) return;
  if (tracker.options.requireEnforcement === true) throw new NotEnforcedError(tracker.budget.name, what);
  shared.unenforced.add(tracker);
  if (shared.isWaitingForExit) return;
  shared.isWaitingForExit = true;
  // Charged by hand, as with `recordUsage`.
  onAnyBudgetEvent(({ type, budget }) => {
    if (type === 'call') forgetUnenforced(budget);
  });
  process.once('exit', () => {
    if (isEnforced()) return;
    for (const each of shared.unenforced) reportNotEnforced(each, describeUnmetered(each.budget.name));
  });
}

function forgetUnenforced(budget: string): void {
  for (const each of shared.unenforced) if (each.budget.name === budget) shared.unenforced.delete(each);
}

/** Returns a sentence for people: no client of the process is metered. */
export function describeUnmetered(budget: string): string {
  return `no client of a model is metered in this process, so "${budget}" counted and refused nothing. ${ADVICE}`;
}

/** Whether it was reported of any budget that it is not enforced. */
export function isNotEnforcedReported(): boolean {
  return shared.isAnyReported;
}

/** Reports, once for each budget, that calls are made which it does not count. */
export function reportNotEnforced(tracker: TokenBudgetTracker, reason: string): void {
  if (shared.reported.has(tracker)) return;
  shared.reported.add(tracker);
  shared.isAnyReported = true;
  printLine(reason);
  tracker.emit({ type: 'not_enforced', budget: tracker.budget.name, reason });
}
