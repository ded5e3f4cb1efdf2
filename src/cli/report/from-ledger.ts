import { type LedgerAdmin, MINUTE_MS } from '../../budget/index.ts';
import { nanoToUsd } from '../../pricing/index.ts';
import { type BudgetView, readBudgetViews } from '../budgets/index.ts';
import { type ReportData, type ReportedLimit, sumSpending, thinHistory } from './report-data.ts';

interface Charge {
  readonly at: number;
  readonly name: string;
  readonly costUsd: number;
  readonly tokens: number;
  readonly calls: number;
}

/** What a ledger knows: budgets as they stand, and what they were charged by the minute of the last two days. It knows no calls. */
export async function reportFromLedger(
  ledger: LedgerAdmin,
  source: string,
  now: number,
): Promise<ReportData> {
  const views = await readBudgetViews(ledger, now);
  const charges = (await Promise.all(views.map(({ name }) => chargesOf(ledger, name)))).flat();
  // What a child was charged is in its parent as well: money is summed up over those that have none here.
  const names = new Set(views.map(({ name }) => name));
  const roots = new Set(
    views.filter(({ parent }) => parent === undefined || !names.has(parent)).map(({ name }) => name),
  );
  const counted = charges.filter(({ name }) => roots.has(name));
  const sum = (of: (charge: Charge) => number): number => counted.reduce((total, one) => total + of(one), 0);
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
    spending: sumSpending('budget', leavesOf(charges, views), MINUTE_MS),
    budgets: views.flatMap((view) => partsOf(view, charges, now)),
    groups: [{ by: 'budget', rows: rowsOf(views, charges) }],
    events: [],
  };
}

async function chargesOf(ledger: LedgerAdmin, name: string): Promise<Charge[]> {
  return (await ledger.spending(name)).map(({ minute, used }) => ({
    at: minute,
    name,
    costUsd: nanoToUsd(used.costNanoUsd),
    tokens: used.tokens,
    calls: used.calls,
  }));
}

/**
 * Charges, each once: those of budgets that are nobody's parent, and of parents what none of their children was charged.
 */
function leavesOf(charges: readonly Charge[], views: readonly BudgetView[]): Charge[] {
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

function rowsOf(
  views: readonly BudgetView[],
  charges: readonly Charge[],
): ReportData['groups'][number]['rows'] {
  return views
    .map(({ name }) => {
      const own = charges.filter((charge) => charge.name === name);
      const sum = (of: (charge: Charge) => number): number => own.reduce((total, one) => total + of(one), 0);
      return {
        name,
        costUsd: sum(({ costUsd }) => costUsd),
        calls: sum(({ calls }) => calls),
        tokens: sum(({ tokens }) => tokens),
      };
    })
    .sort((a, b) => b.costUsd - a.costUsd);
}

/** What was left is calculated back from what is settled now, minute by minute. */
function partsOf(
  { name, startedAt, limits }: BudgetView,
  charges: readonly Charge[],
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
