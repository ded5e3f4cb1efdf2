import { stripVTControlCharacters } from 'node:util';
import {
  escapeControl,
  formatCount,
  formatDuration,
  formatPercent,
  formatQuantity,
  formatTable,
  type TableColumn,
  truncateText,
} from '../../util/index.ts';
import {
  formatCost,
  formatLimit,
  formatLimitAmount,
  formatUsageBar,
  styleOutput,
  terminalWidth,
} from '../style.ts';
import { type BudgetView, type LimitView, usedShareOf } from './budget-view.ts';
import type { SpendRate } from './spend-rate.ts';

/** The narrowest terminal that gets a table, columns; on a narrower one each budget has lines of its own. */
const MIN_TABLE_WIDTH = 64;

/** The width of the bar in a table, columns. */
const BAR_WIDTH = 10;

/** What to show beside the budgets, and how wide. */
export interface FormatBudgetsOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How fast each budget is spent, by its name. */
  readonly rates?: ReadonlyMap<string, SpendRate>;
  /** Columns of the terminal. Default: those of stdout. */
  readonly width?: number;
}

/** Formats budgets as lines for a terminal: a table, or on a narrow terminal a few lines for each budget. */
export function formatBudgets(
  views: readonly BudgetView[],
  { now, rates, width = terminalWidth() }: FormatBudgetsOptions,
): string[] {
  if (width >= MIN_TABLE_WIDTH) return formatBudgetTable(views, now, rates, width);
  return views.flatMap((view) => formatBudgetCard(view, now, rates?.get(view.name), width));
}

/** A row of the table: a limit of a budget, or a budget without limits. */
interface BudgetRow {
  readonly view: BudgetView;
  readonly limit: LimitView | undefined;
  /** What concerns the whole budget is shown in its first row. */
  readonly isFirst: boolean;
}

interface BudgetColumn extends TableColumn {
  readonly cell: (row: BudgetRow) => string;
  /**
   * If the table is too wide, the columns with the highest rank are left out first; those without a rank
   * never are.
   */
  readonly rank?: number;
}

function formatBudgetTable(
  views: readonly BudgetView[],
  now: number,
  rates: ReadonlyMap<string, SpendRate> | undefined,
  width: number,
): string[] {
  const rows = views.flatMap(toRows);
  const columns = budgetColumns(views, now, rates);
  for (let rank = Math.max(...columns.map((column) => column.rank ?? 0)); ; rank -= 1) {
    const shown = columns.filter((column) => (column.rank ?? 0) <= rank);
    const cells = rows.map((row) => shown.map(({ cell }) => cell(row)));
    // A name is cut only if nothing else can be left out.
    const [titles = '', ...lines] = formatTable(shown, cells, rank === 0 ? width : Infinity);
    if (rank === 0 || [titles, ...lines].every((line) => stripVTControlCharacters(line).length <= width)) {
      return [styleOutput('dim', titles), ...lines];
    }
  }
}

function toRows(view: BudgetView): BudgetRow[] {
  const limits = view.limits.length === 0 ? [undefined] : view.limits;
  return limits.map((limit, index) => ({ view, limit, isFirst: index === 0 }));
}

function budgetColumns(
  views: readonly BudgetView[],
  now: number,
  rates: ReadonlyMap<string, SpendRate> | undefined,
): BudgetColumn[] {
  const ofBudget =
    (format: (view: BudgetView) => string) =>
    ({ view, isFirst }: BudgetRow): string =>
      isFirst ? format(view) : '';
  const ofLimit =
    (format: (limit: LimitView) => string) =>
    ({ limit }: BudgetRow): string =>
      limit === undefined ? '' : format(limit);
  const hasReserved = views.some(({ limits }) => limits.some(({ reserved }) => reserved > 0));
  const hasWindow = views.some(({ window }) => window !== undefined);
  return [
    { title: 'BUDGET', align: 'left', cell: ofBudget(({ name }) => escapeControl(name)) },
    { title: 'LIMIT', cell: ({ view, limit }) => formatLimitOf(view, limit) },
    { title: 'SPENT', cell: ({ view, limit }) => formatSpent(view, limit) },
    ...columnIf(hasReserved, {
      title: 'RESERVED',
      cell: ofLimit(({ limit, reserved }) => (reserved > 0 ? formatLimitAmount(limit, reserved) : '')),
      rank: 4,
    }),
    { title: 'LEFT', cell: ofLimit(({ limit, left }) => formatLimitAmount(limit, left)) },
    { title: 'USED', align: 'left', cell: ofLimit((limit) => formatUsage(limit, BAR_WIDTH)) },
    ...columnIf(rates !== undefined, {
      title: '$/HOUR',
      cell: ofBudget(({ name }) => formatPace(rates?.get(name))),
      rank: 1,
    }),
    ...columnIf(rates !== undefined, {
      title: 'LASTS',
      cell: ofBudget(({ name }) => formatTimeLeft(rates?.get(name))),
      rank: 2,
    }),
    { title: 'CALLS', cell: ofBudget(({ settled }) => formatCount(settled.calls)), rank: 3 },
    ...columnIf(hasWindow, {
      title: 'WINDOW',
      align: 'left',
      cell: ofBudget((view) => formatWindow(view, now)),
      rank: 5,
    }),
  ];
}

function columnIf(isShown: boolean, column: BudgetColumn): BudgetColumn[] {
  return isShown ? [column] : [];
}

/** Formats a budget for a narrow terminal: its name, and two lines for each limit. */
function formatBudgetCard(
  view: BudgetView,
  now: number,
  rate: SpendRate | undefined,
  width: number,
): string[] {
  const facts = [view.mode, formatWindow(view, now), formatQuantity(view.settled.calls, 'call')]
    .filter((fact) => fact)
    .join(', ');
  const name = truncateText(escapeControl(view.name), width);
  const fitsOneLine = name.length + 2 + facts.length <= width;
  const head = fitsOneLine
    ? [`${styleOutput('bold', name)}  ${styleOutput('dim', facts)}`]
    : [styleOutput('bold', name), styleOutput('dim', `  ${facts}`.slice(0, width))];
  const limits = view.limits.flatMap((limit) => {
    const amounts = `${formatSpent(view, limit)} of ${formatLimitOf(view, limit)}`;
    const left = `${formatLimitAmount(limit.limit, limit.left)} left`;
    return [`  ${formatUsage(limit, Math.max(4, width - 8))}`, `  ${amounts}, ${left}`.slice(0, width)];
  });
  const unlimited =
    view.limits.length === 0
      ? [`  ${formatSpent(view, undefined)} spent, ${formatLimitOf(view, undefined)}`]
      : [];
  const pace = formatPace(rate);
  const lasts = formatTimeLeft(rate);
  const paceLine = pace === '' ? [] : [`  ${pace} an hour${lasts === '' ? '' : `, lasts ${lasts}`}`];
  return [...head, ...limits, ...unlimited, ...paceLine, ''];
}

function formatLimitOf({ mode }: BudgetView, limit: LimitView | undefined): string {
  if (limit !== undefined) return formatLimit(limit.limit, limit.value);
  return mode === undefined ? 'limit unknown' : 'no limit';
}

function formatSpent({ settled }: BudgetView, limit: LimitView | undefined): string {
  return limit === undefined ? formatCost(settled.costUsd) : formatLimitAmount(limit.limit, limit.settled);
}

/** Formats the used share of a limit as a bar and in percent. */
function formatUsage(limit: LimitView, barWidth: number): string {
  const used = usedShareOf(limit);
  const reserved = limit.value === 0 ? 0 : limit.reserved / limit.value;
  return `${formatUsageBar(used, reserved, barWidth)} ${formatPercent(used).padStart(5)}`;
}

function formatWindow({ window, endsAt }: BudgetView, now: number): string {
  if (window === undefined || endsAt === undefined) return '';
  return `${window.per}, ${formatDuration(Math.max(0, endsAt - now))} to go`;
}

function formatPace(rate: SpendRate | undefined): string {
  return rate?.usdPerHour === undefined ? '' : formatCost(rate.usdPerHour);
}

function formatTimeLeft(rate: SpendRate | undefined): string {
  return rate?.lastsMs === undefined ? '' : formatDuration(rate.lastsMs);
}
