import type { BudgetDefinition } from '../../budget/index.ts';
import { isNothing } from './accounting/index.ts';
import type { Line, Moment } from './chain.ts';
import type { Slice } from './quota.ts';
import { type Bank, TRUSTED } from './quota-pool.ts';
import { tooLarge } from './size.ts';

/** How old the balances of a sliced budget may become before they are asked for anew, milliseconds. */
const LOOK_MS = 1_000;

/** The same where no call came meanwhile: then a look only tells whether others need what the slice holds. */
const IDLE_LOOK_MS = 5_000;

/** How many chains are tended at once: one after another, many would take longer than their leases. */
const AT_ONCE = 32;

/** Renews leases, settles slices that are done, gives back those that are not used or are too large. Never rejects. */
export async function maintain(bank: Bank): Promise<void> {
  const moment = bank.moment();
  await Promise.all([renew(bank, moment), bank.freeUnsure()]);
  const look = onceEach(bank);
  const lines = [...bank.lines.all()].values();
  const tendNext = async (): Promise<void> => {
    for (const line of lines) {
      await tend(bank, line, moment, look);
      const quietMs = moment.now - line.touchedAt;
      const used = line.slices.size > 0 || line.refilling !== undefined || quietMs < 2 * bank.settings.idleMs;
      if (!used) bank.forget(line);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, tendNext));
}

type Look = (budget: BudgetDefinition) => Promise<unknown>;

/** Looks at each budget once, however many chains it is in. Never rejects. */
function onceEach(bank: Bank): Look {
  const looks = new Map<string, Promise<unknown>>();
  return (budget) => {
    const look = looks.get(budget.name) ?? bank.look(budget).catch(() => undefined);
    looks.set(budget.name, look);
    return look;
  };
}

async function tend(bank: Bank, line: Line, moment: Moment, look: Look): Promise<void> {
  if (line.slices.size === 0) return;
  const seen = bank.seen(line.chain, moment);
  const idle = moment.now - line.touchedAt >= LOOK_MS;
  const maxAgeMs = idle ? IDLE_LOOK_MS : LOOK_MS;
  const fresh = new Set<BudgetDefinition>();
  for (const { budget, view } of seen) {
    if (view.freshAt !== undefined && moment.now - view.freshAt < maxAgeMs) fresh.add(budget);
  }
  await Promise.all(line.chain.filter((budget) => !fresh.has(budget)).map(look));
  for (const slice of [...line.slices]) await tendSlice(bank, line, slice, moment);
}

async function tendSlice(bank: Bank, line: Line, slice: Slice, moment: Moment): Promise<void> {
  const { idleMs, share } = bank.settings;
  if (slice.usable(moment.now, moment.remoteNow)) {
    const idle = slice.open === 0 && moment.now - slice.touchedAt > idleMs;
    if (idle || tooLarge(bank.seen(line.chain, moment), slice.free, share)) {
      slice.state = 'draining';
    } else if (slice.open === 0 && !isNothing(slice.used)) {
      // What was spent is to be seen by others: another slice takes its place.
      if (line.need !== undefined && !line.hasSpare(slice)) await bank.refill(line, line.need);
      slice.state = 'draining';
    }
  }
  if (slice.state !== 'active') await bank.end(line, slice);
}

async function renew(bank: Bank, { now }: Moment): Promise<void> {
  const { leaseMs } = bank.settings;
  const slices = [...bank.slices()].filter(({ validUntil }) => validUntil - now < leaseMs * (2 / 3));
  if (slices.length === 0) return;
  try {
    await bank.remote.heartbeat(
      slices.map(({ id }) => id),
      leaseMs,
    );
  } catch {
    return;
  }
  const heard = bank.moment().now;
  for (const slice of slices) {
    // Heard before the lease was over: so it was renewed before that.
    if (heard < slice.validUntil) slice.validUntil = Math.max(slice.validUntil, now + leaseMs * TRUSTED);
  }
}
