import { type LedgerAdmin, MINUTE_MS } from '../../budget/index.ts';
import { nanoToUsd } from '../../pricing/index.ts';
import { type BudgetView, readBudgetViews } from '../budgets/index.ts';
import type { ReportData, ReportedLimit } from './report-data.ts';
import { sumSpending } from './spending-series.ts';
import { thinHistory } from './thin-history.ts';

/** The spending of a budget in one minute. */
interface MinuteCharge {
  readonly at: number;
  readonly name: string;
  readonly costUsd: number;
  readonly tokens: number;
  readonly calls: number;
}

/**
 * Builds a report from a ledger: the state of its budgets, and their spending by the minute over the last two
 * days. A ledger has no single calls.
 * @param now milliseconds since the epoch
 */
export async function reportFromLedger(
  ledger: LedgerAdmin,
  source: string,
  now: number,
): Promise<ReportData> {
  const views = await readBudgetViews(ledger, now);
  const charges = (await Promise.all(views.map(({ name }) => readCharges(ledger, name)))).flat();
  // The charges of a child are in its parent as well, so totals are summed over the budgets without a parent
  // here.
  const names = new Set(views.map(({ name }) => name));
  const roots = new Set(
    views.filter(({ parent }) => parent === undefined || !names.has(parent)).map(({ name }) => name),
  );
  const rootCharges = charges.filter(({ name }) => roots.has(name));
  const sum = (of: (charge: MinuteCharge) => number): number =>
    rootCharges.reduce((total, one) => total + of(one), 0);
  const first = charges.reduce((least, { at }) => Math.min(least, at), now);
  return {
    source,
    from: first,
    to: now,
    totals: {
      costUsd: sum(({ costUsd }) => costUsd),
      calls: sum(({ calls }) => calls),
      tokens: sum(({ tokens }) => tokens),
    },
    spending: sumSpending('budget', withoutChildren(charges, views), MINUTE_MS),
    budgets: views.flatMap((view) => toReportedLimits(view, charges, now)),
    groups: [{ by: 'budget', rows: groupByBudget(views, charges) }],
    events: [],
  };
}

async function readCharges(ledger: LedgerAdmin, name: string): Promise<MinuteCharge[]> {
  return (await ledger.spending(name)).map(({ minute, used }) => ({
    at: minute,
    name,
    costUsd: nanoToUsd(used.costNanoUsd),
    tokens: used.tokens,
    calls: used.calls,
  }));
}

/** Counts each charge once: subtracts from each budget what its children were charged in the same minute. */
function withoutChildren(charges: readonly MinuteCharge[], views: readonly BudgetView[]): MinuteCharge[] {
  const parentOf = new Map(views.map(({ name, parent }) => [name, parent]));
  const ofChildren = new Map<string, number>();
  for (const { name, at, costUsd } of charges) {
    const parent = parentOf.get(name);
    const key = `${at} ${parent}`;
    if (parent !== undefined) ofChildren.set(key, (ofChildren.get(key) ?? 0) + costUsd);
  }
  return charges.flatMap((charge) => {
    const costUsd = charge.costUsd - (ofChildren.get(`${charge.at} ${charge.name}`) ?? 0);
    return costUsd > 1e-9 ? [{ ...charge, costUsd }] : [];
  });
}

function groupByBudget(
  views: readonly BudgetView[],
  charges: readonly MinuteCharge[],
): ReportData['groups'][number]['rows'] {
  return views
    .map(({ name }) => {
      const own = charges.filter((charge) => charge.name === name);
      const sum = (of: (charge: MinuteCharge) => number): number =>
        own.reduce((total, one) => total + of(one), 0);
      return {
        name,
        costUsd: sum(({ costUsd }) => costUsd),
        calls: sum(({ calls }) => calls),
        tokens: sum(({ tokens }) => tokens),
      };
    })
    .sort((a, b) => b.costUsd - a.costUsd);
}

/** Computes what was left of each limit over time, backwards from what is settled now. */
function toReportedLimits(
  { name, startedAt, limits }: BudgetView,
  charges: readonly MinuteCharge[],
  now: number,
): ReportedLimit[] {
  const own = charges.filter((charge) => charge.name === name && charge.at + MINUTE_MS > startedAt);
  return limits.map(({ limit, value, settled, reserved, left }) => {
    const part = { name, limit, value, settled, reserved, left };
    if (limit === 'minutes') return { ...part, history: [] };
    const history: [number, number][] = [[now, Math.max(0, value - settled)]];
    let then = settled;
    for (const charge of own.toReversed()) {
      const after = Math.min(now, charge.at + MINUTE_MS);
      history.push([after, Math.max(0, value - then)]);
      then = Math.max(0, then - charge[limit]);
      history.push([Math.max(startedAt, charge.at), Math.max(0, value - then)]);
    }
    return { ...part, history: thinHistory(history.reverse()) };
  });
}
