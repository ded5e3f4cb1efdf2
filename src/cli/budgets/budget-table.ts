import { stripVTControlCharacters } from 'node:util';
import {
  count,
  countCalls,
  duration,
  escapeControl,
  formatCost,
  formatLimit,
  formatLimitAmount,
  formatUsageBar,
  percent,
  styleOutput,
  terminalWidth,
} from '../style.ts';
import { type BudgetView, type LimitView, usedShareOf } from './budget-view.ts';

/** What is shown of a budget beside what the ledger says. */
export interface SpendRate {
  /** USD an hour, as it goes now; undefined where it is not known. */
  readonly usdPerHour: number | undefined;
  /** When a limit is reached at that pace, milliseconds from now; undefined: not in sight. */
  readonly lastsMs: number | undefined;
}

/** How narrow a terminal may be for a table, columns; below it each budget has lines of its own. */
const NARROW = 64;

/** Budgets as lines for a terminal of that width. */
export function formatBudgets(
  views: readonly BudgetView[],
  now: number,
  extras?: ReadonlyMap<string, SpendRate>,
  width: number = terminalWidth(),
): string[] {
  if (width < NARROW)
    return views.flatMap((view) => formatBudgetCard(view, now, extras?.get(view.name), width));
  return formatBudgetTable(views, now, extras, width);
}

interface BudgetColumn {
  readonly title: string;
  readonly cell: (view: BudgetView, limit: LimitView | undefined, first: boolean) => string;
  readonly left?: boolean;
}

const BAR = 10;

function formatBudgetTable(
  views: readonly BudgetView[],
  now: number,
  extras: ReadonlyMap<string, SpendRate> | undefined,
  width: number,
): string[] {
  const of = (limit: LimitView | undefined, key: 'settled' | 'reserved' | 'left'): string =>
    limit === undefined ? '' : formatLimitAmount(limit.limit, limit[key], limit.value);
  const held: BudgetColumn = {
    title: 'HELD',
    cell: (_, limit) => (limit?.reserved ? of(limit, 'reserved') : ''),
  };
  const pace: BudgetColumn[] = [
    { title: '$/HOUR', cell: (view, _, first) => (first ? paceText(extras?.get(view.name)) : '') },
    { title: 'LASTS', cell: (view, _, first) => (first ? lastsText(extras?.get(view.name)) : '') },
  ];
  const calls: BudgetColumn = {
    title: 'CALLS',
    cell: (view, _, first) => (first ? count(view.settled.calls) : ''),
  };
  const about: BudgetColumn = {
    title: 'WINDOW',
    left: true,
    cell: (view, _, first) => (first ? windowText(view, now) : ''),
  };
  const name: BudgetColumn = {
    title: 'BUDGET',
    left: true,
    cell: (view, _, first) => (first ? escapeControl(view.name) : ''),
  };
  const limit: BudgetColumn = {
    title: 'LIMIT',
    cell: (view, one) => (one === undefined ? noLimit(view) : formatLimit(one.limit, one.value)),
  };
  const rest: BudgetColumn[] = [
    {
      title: 'SPENT',
      cell: (view, one) => (one === undefined ? formatCost(view.settled.costUsd) : of(one, 'settled')),
    },
    { title: 'LEFT', cell: (_, one) => of(one, 'left') },
    { title: 'USED', left: true, cell: (_, one) => (one === undefined ? '' : usedText(one)) },
  ];
  // What matters less is left out where it does not fit; a name is cut only where nothing else can be.
  const holds = views.some(({ limits }) => limits.some(({ reserved }) => reserved > 0)) ? [held] : [];
  const windows = views.some(({ window }) => window !== undefined) ? [about] : [];
  const optional = [...(extras === undefined ? [] : pace), calls, ...holds, ...windows];
  for (let kept = optional.length; ; kept -= 1) {
    const some = optional.slice(0, kept);
    const chosen = [name, limit, ...rest];
    if (some.includes(held)) chosen.splice(3, 0, held);
    chosen.push(...some.filter((column) => column !== held));
    const lines = laidOut(chosen, views, kept === 0 ? width : undefined);
    if (kept === 0 || lines.every((line) => widthOf(line) <= width)) return lines;
  }
}

/** @param width names are cut so that the lines are no longer */
function laidOut(
  chosen: readonly BudgetColumn[],
  views: readonly BudgetView[],
  width: number | undefined,
): string[] {
  const rows = views.flatMap((view) =>
    (view.limits.length === 0 ? [undefined] : view.limits).map((limit, index) =>
      chosen.map(({ cell }) => cell(view, limit, index === 0)),
    ),
  );
  const widths = chosen.map(({ title }, at) =>
    Math.max(title.length, ...rows.map((row) => widthOf(row[at] ?? ''))),
  );
  const whole = widths.reduce((sum, one) => sum + one + 2, -2);
  if (width !== undefined && whole > width) widths[0] = Math.max(6, (widths[0] ?? 6) - (whole - width));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => padded(cell, widths[at] ?? 0, chosen[at]?.left === true))
      .join('  ')
      .trimEnd();
  return [styleOutput('dim', line(chosen.map(({ title }) => title))), ...rows.map(line)];
}

function padded(cell: string, width: number, left: boolean): string {
  const own = widthOf(cell);
  if (own > width) return `${cell.slice(0, width - 1)}…`;
  return left ? cell + ' '.repeat(width - own) : ' '.repeat(width - own) + cell;
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** A budget for a narrow terminal: its name, and two lines for each limit. */
function formatBudgetCard(
  view: BudgetView,
  now: number,
  extras: SpendRate | undefined,
  width: number,
): string[] {
  const facts = [
    view.mode,
    view.window === undefined ? undefined : windowText(view, now),
    countCalls(view.settled.calls),
  ]
    .filter((fact) => fact !== undefined)
    .join(', ');
  const whole = escapeControl(view.name);
  const name = whole.length > width ? `${whole.slice(0, width - 1)}…` : whole;
  const fits = name.length + 2 + facts.length <= width;
  const head = fits
    ? [`${styleOutput('bold', name)}  ${styleOutput('dim', facts)}`]
    : [styleOutput('bold', name), styleOutput('dim', `  ${facts}`.slice(0, width))];
  const lines = view.limits.flatMap((limit) => {
    const text = `${formatLimitAmount(limit.limit, limit.settled, limit.value)} of ${formatLimit(limit.limit, limit.value)}`;
    const left = `${formatLimitAmount(limit.limit, limit.left, limit.value)} left`;
    const usage = `  ${formatUsageBar(usedShareOf(limit), limit.reserved / (limit.value || 1), Math.max(4, width - 8))} ${percent(usedShareOf(limit))}`;
    return [usage, `  ${text}, ${left}`.slice(0, width)];
  });
  const pace = paceText(extras);
  const more =
    pace === '' ? [] : [`  ${pace} an hour${lastsText(extras) === '' ? '' : `, lasts ${lastsText(extras)}`}`];
  const none =
    view.limits.length === 0 ? [`  ${formatCost(view.settled.costUsd)} spent, ${noLimit(view)}`] : [];
  return [...head, ...lines, ...none, ...more, ''];
}

function usedText(limit: LimitView): string {
  const share = usedShareOf(limit);
  return `${formatUsageBar(share, limit.value === 0 ? 0 : limit.reserved / limit.value, BAR)} ${percent(share)}`;
}

function noLimit({ mode }: BudgetView): string {
  return mode === undefined ? 'limit unknown' : 'no limit';
}

function windowText({ window, endsAt }: BudgetView, now: number): string {
  if (window === undefined || endsAt === undefined) return '';
  return `${window.per}, ${duration(Math.max(0, endsAt - now))} to go`;
}

function paceText(extras: SpendRate | undefined): string {
  return extras?.usdPerHour === undefined ? '' : formatCost(extras.usdPerHour);
}

function lastsText(extras: SpendRate | undefined): string {
  return extras?.lastsMs === undefined ? '' : duration(extras.lastsMs);
}
