import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { Dollars, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { type Column, lines, type PanelOptions, records, stacked, table } from './panels.ts';
import { cell, label, logs, range, rows, traceLink, VICTORIA_LOGS } from './sources.ts';
import { budgetVariable, serviceVariable } from './variables.ts';

const CHOSEN = 'job=~"$service", token_budget_name=~"$budget"';
const BY = 'job, token_budget_name, token_budget_limit';
const MONEY = 'token_budget_limit="costUsd"';
const COUNTED = 'token_budget_limit!="costUsd"';

const BUDGET_LINK = traceLink(label('job'), {
  'token_budget.name': label('token_budget_name'),
});
const ROW_LINK = traceLink(cell('Service'), { 'token_budget.name': cell('Budget') });
const NAMED = '{{token_budget_name}}';
const NAMED_LIMIT = '{{token_budget_name}} {{token_budget_limit}}';

/** Budget events in LogsQL. */
const events = (condition: string): string =>
  `${condition} "service.name":~"$service" "token_budget.name":~"$budget"`;

/** The last value that any process reported in the time range: for a shared ledger all report the same. */
function last(how: 'max' | 'min', metric: string, limit: string): string {
  return `${how} by (${BY}) (last_over_time(${metric}{${CHOSEN}, ${limit}}[$__range]))`;
}

const COLUMNS: readonly Column[] = [
  { refId: 'A', title: 'Limit' },
  { refId: 'B', title: 'Settled' },
  { refId: 'C', title: 'Reserved' },
  { refId: 'D', title: 'Left' },
  { refId: 'E', title: 'Used', unit: PercentUnit, coloured: true },
  { refId: 'F', title: 'Exhausted in', unit: Seconds },
];
const LABELS = { job: 'Service', token_budget_name: 'Budget', token_budget_limit: 'Kind' };
const SHARES = { 0.5: 'yellow', 0.8: 'orange', 0.95: 'red' } as const;

function budgetTable(options: Pick<PanelOptions, 'title' | 'description' | 'unit'>, limit: string) {
  const settled = last('max', 'token_budget_settled', limit);
  return table(
    { ...options, width: 24, link: ROW_LINK, thresholds: SHARES },
    [
      rows('A', last('max', 'token_budget_limit', limit)),
      rows('B', settled),
      rows('C', last('max', 'token_budget_reserved', limit)),
      rows('D', last('min', 'token_budget_left', limit)),
      rows('E', `${settled} / (${last('max', 'token_budget_limit', limit)} > 0)`),
      rows('F', last('min', 'token_budget:exhaustion:seconds', limit)),
    ],
    LABELS,
    COLUMNS,
  );
}

export function budgetsDashboard(): DashboardBuilder {
  return new DashboardBuilder('Token budgets')
    .uid('token-budget-budgets')
    .description('What each budget may spend, has spent and has left, and when it will be exhausted')
    .tags(['token-budget'])
    .time({ from: 'now-3h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(serviceVariable())
    .withVariable(budgetVariable())
    .annotation(
      new AnnotationQueryBuilder()
        .name('Exhausted')
        .datasource(VICTORIA_LOGS)
        .enable(true)
        .iconColor('red')
        .target(logs(events('event_name:="token_budget.exhausted"'))),
    )
    .annotation(
      new AnnotationQueryBuilder()
        .name('Thresholds')
        .datasource(VICTORIA_LOGS)
        .enable(false)
        .iconColor('orange')
        .target(logs(events('event_name:="token_budget.threshold"'))),
    )
    .withRow(new RowBuilder('Balances'))
    .withPanel(
      budgetTable(
        {
          title: 'Money',
          description: 'Budgets with a limit in USD, as last reported.',
          unit: Dollars,
        },
        MONEY,
      ).decimals(4),
    )
    .withPanel(
      budgetTable(
        {
          title: 'Tokens, calls, minutes',
          description: 'Budgets with these limits, as last reported.',
          unit: Short,
        },
        COUNTED,
      ),
    )
    .withPanel(
      lines(
        {
          title: 'Used share of each limit',
          description: 'Settled divided by limit. An event is emitted at each line.',
          width: 12,
          unit: PercentUnit,
          link: BUDGET_LINK,
          thresholds: SHARES,
        },
        [
          range(
            'A',
            `max by (${BY}) (token_budget_settled{${CHOSEN}} / (token_budget_limit{${CHOSEN}} > 0))`,
            NAMED_LIMIT,
          ),
        ],
      ).axisSoftMax(1),
    )
    .withPanel(
      lines(
        {
          title: 'Left',
          description: 'Limit minus settled and reserved, USD.',
          width: 12,
          unit: Dollars,
          link: BUDGET_LINK,
        },
        [range('A', `min by (${BY}) (token_budget_left{${CHOSEN}, ${MONEY}})`, NAMED)],
      ),
    )
    .withPanel(
      lines(
        {
          title: 'Settled, reserved, limit',
          description: 'Amount charged, amount reserved by open calls, and limit, USD.',
          width: 12,
          unit: Dollars,
          link: BUDGET_LINK,
        },
        [
          range('A', `max by (${BY}) (token_budget_settled{${CHOSEN}, ${MONEY}})`, `${NAMED} settled`),
          range('B', `max by (${BY}) (token_budget_reserved{${CHOSEN}, ${MONEY}})`, `${NAMED} reserved`),
          range('C', `max by (${BY}) (token_budget_limit{${CHOSEN}, ${MONEY}})`, `${NAMED} limit`),
        ],
      ),
    )
    .withPanel(
      stacked(
        {
          title: 'Denied and clamped calls',
          description: 'Denied calls, and calls sent with a lower output cap.',
          width: 12,
          unit: Short,
          link: traceLink(label('job'), {
            'token_budget.name': label('token_budget_name'),
            'token_budget.decision': label('token_budget_decision'),
          }),
        },
        [
          range(
            'A',
            `sum by (job, token_budget_name, token_budget_decision) (increase(token_budget_calls_total{${CHOSEN}, token_budget_decision=~"deny|clamp"}[$__rate_interval]))`,
            '{{token_budget_name}} {{token_budget_decision}}',
          ),
        ],
      ),
    )
    .withRow(new RowBuilder('Pace'))
    .withPanel(
      lines(
        {
          title: 'Burn rate',
          description: 'Amount charged, USD per hour.',
          width: 8,
          unit: Dollars,
          link: BUDGET_LINK,
        },
        [
          range(
            'A',
            `max by (${BY}) (rate(token_budget_settled{${CHOSEN}, ${MONEY}}[$__rate_interval]) * 3600)`,
            NAMED,
          ),
        ],
      ),
    )
    .withPanel(
      lines(
        {
          title: 'Pace',
          description:
            'Spending over even spending: at 1 a budget lasts until its window ends; without a window, a day. Alerts at 2 and 6.',
          width: 8,
          unit: Short,
          link: BUDGET_LINK,
          thresholds: { 2: 'orange', 6: 'red' },
        },
        [
          range('A', `max by (${BY}) (token_budget:pace:rate5m{${CHOSEN}})`, `${NAMED_LIMIT} 5 min`),
          range('B', `max by (${BY}) (token_budget:pace:rate6h{${CHOSEN}})`, `${NAMED_LIMIT} 6 h`),
        ],
      ),
    )
    .withPanel(
      lines(
        {
          title: 'Projected exhaustion',
          description:
            'Time until nothing is left at the pace of the last 15 minutes. Alerts below 30 minutes.',
          width: 8,
          unit: Seconds,
          link: BUDGET_LINK,
          base: 'red',
          thresholds: { 1800: 'green' },
        },
        [range('A', `min by (${BY}) (token_budget:exhaustion:seconds{${CHOSEN}})`, NAMED_LIMIT)],
      ),
    )
    .withRow(new RowBuilder('Events'))
    .withPanel(
      records(
        {
          title: 'Budget events',
          description: 'Log records of budget events, with links to their traces.',
          width: 16,
          link: traceLink(cell('service.name')),
        },
        logs(events('event_name:~"^token_budget\\\\."')),
      ),
    )
    .withPanel(
      lines(
        {
          title: 'Store reachable',
          description: '1 if the store of the budget can be reached, otherwise 0.',
          width: 8,
          unit: Short,
          link: BUDGET_LINK,
          base: 'red',
          thresholds: { 1: 'green' },
        },
        [range('A', `min by (job, token_budget_name) (token_budget_store_available{${CHOSEN}})`, NAMED)],
      ).max(1),
    );
}
