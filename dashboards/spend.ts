import { DashboardBuilder, DashboardCursorSync, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { Dollars, PercentUnit, Short } from '@grafana/grafana-foundation-sdk/units';
import { lines, number, type PanelOptions, stacked, table } from './panels.ts';
import { cell, instant, label, range, rows, traceLink } from './sources.ts';
import { attributeVariable, budgetVariable, modelVariable, serviceVariable } from './variables.ts';

const CHOSEN = 'job=~"$service", token_budget_name=~"$budget", gen_ai_request_model=~"$model"';
const SERVICE_LINK = traceLink(label('job'));
const MODEL_LINK = traceLink(label('job'), {
  'gen_ai.request.model': label('gen_ai_request_model'),
});
const BUDGET_LINK = traceLink(label('job'), {
  'token_budget.name': label('token_budget_name'),
});

const total = (metric: string, more = ''): string =>
  `sum by (job) (increase(${metric}{${CHOSEN}${more}}[$__range]))`;
const cached = (over: string, by = ' by (job)'): string => {
  const sum = (kind: string): string =>
    `sum${by} (increase(token_budget_tokens_total{${CHOSEN}, token_budget_token_kind="${kind}"}[${over}]))`;
  return `(${sum('cached_input')} or (${sum('input')} * 0)) / (${sum('input')} > 0)`;
};
const quantile = (share: number): string =>
  `histogram_quantile(${share}, sum by (le, job, gen_ai_request_model) (rate(token_budget_call_cost_bucket{${CHOSEN}}[$__rate_interval])))`;

function perHour(by: string, legend: string, options: Pick<PanelOptions, 'title' | 'description' | 'link'>) {
  return stacked({ ...options, width: 12, unit: Dollars }, [
    range(
      'A',
      `sum by (job, ${by}) (rate(token_budget_cost_total{${CHOSEN}}[$__rate_interval])) * 3600`,
      legend,
    ),
  ]);
}

export function spendDashboard(): DashboardBuilder {
  return new DashboardBuilder('Token spend')
    .uid('token-budget-spend')
    .description('What calls cost: by model, service, budget and an attribute of your choice')
    .tags(['token-budget'])
    .time({ from: 'now-24h', to: 'now' })
    .refresh('1m')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(serviceVariable())
    .withVariable(budgetVariable())
    .withVariable(modelVariable())
    .withVariable(attributeVariable())
    .withRow(new RowBuilder('In the time shown'))
    .withPanel(
      number(
        {
          title: 'Spent',
          description: 'Amount charged for calls, USD.',
          width: 6,
          unit: Dollars,
          link: SERVICE_LINK,
          decimals: 4,
        },
        instant('A', total('token_budget_cost_total')),
      ),
    )
    .withPanel(
      number(
        {
          title: 'Calls',
          description: 'Charged calls.',
          width: 6,
          unit: Short,
          link: SERVICE_LINK,
          decimals: 0,
        },
        instant('A', total('token_budget_call_cost_count')),
      ),
    )
    .withPanel(
      number(
        {
          title: 'Tokens',
          description: 'Input and output tokens.',
          width: 6,
          unit: Short,
          link: SERVICE_LINK,
        },
        instant('A', total('token_budget_tokens_total', ', token_budget_token_kind=~"input|output"')),
      ),
    )
    .withPanel(
      number(
        {
          title: 'Cached share of the input',
          description: 'Cached input costs a fraction: with long prompts, a low share is a chance to save.',
          width: 6,
          unit: PercentUnit,
          link: SERVICE_LINK,
          base: 'text',
          thresholds: { 0.3: 'yellow', 0.6: 'green' },
        },
        instant('A', cached('$__range')),
      ),
    )
    .withRow(new RowBuilder('USD an hour'))
    .withPanel(
      perHour('gen_ai_request_model', '{{gen_ai_request_model}}', {
        title: 'By model',
        description: 'USD per hour by requested model.',
        link: MODEL_LINK,
      }),
    )
    .withPanel(
      perHour('service_name', '{{job}}', {
        title: 'By service',
        description: 'USD per hour by service.',
        link: SERVICE_LINK,
      }),
    )
    .withPanel(
      perHour('token_budget_name', '{{token_budget_name}}', {
        title: 'By job',
        description: 'USD per hour by charged budget: each job has its own.',
        link: BUDGET_LINK,
      }),
    )
    .withPanel(
      perHour('$attribute', '{{$attribute}}', {
        title: 'By $attribute',
        description: 'USD per hour by the attribute selected above.',
        link: SERVICE_LINK,
      }),
    )
    .withRow(new RowBuilder('Calls and tokens'))
    .withPanel(
      lines(
        {
          title: 'Cost per call',
          description: 'Median, 95th and 99th percentile, by model.',
          width: 12,
          unit: Dollars,
          link: MODEL_LINK,
          decimals: 5,
        },
        [
          range('A', quantile(0.5), '{{gen_ai_request_model}} p50'),
          range('B', quantile(0.95), '{{gen_ai_request_model}} p95'),
          range('C', quantile(0.99), '{{gen_ai_request_model}} p99'),
        ],
      ),
    )
    .withPanel(
      lines(
        {
          title: 'Cached share of the input by model',
          description: 'Share of input tokens that were read from the cache.',
          width: 12,
          unit: PercentUnit,
          link: MODEL_LINK,
        },
        [
          range(
            'A',
            cached('$__rate_interval', ' by (job, gen_ai_request_model)'),
            '{{gen_ai_request_model}}',
          ),
        ],
      ).max(1),
    )
    .withPanel(
      stacked(
        {
          title: 'Tokens by kind',
          description:
            'Tokens a minute. Cached input and cache writes are parts of the input, reasoning of the output.',
          width: 12,
          unit: Short,
          link: SERVICE_LINK,
        },
        [
          range(
            'A',
            `sum by (job, token_budget_token_kind) (rate(token_budget_tokens_total{${CHOSEN}}[$__rate_interval])) * 60`,
            '{{token_budget_token_kind}}',
          ),
        ],
      ),
    )
    .withPanel(
      table(
        {
          title: 'Most expensive',
          description: 'Services and models by the amount charged in the selected time range.',
          width: 12,
          unit: Dollars,
          decimals: 4,
          link: traceLink(cell('Service'), { 'gen_ai.request.model': cell('Model') }),
        },
        [
          rows(
            'A',
            `topk(20, sum by (job, gen_ai_request_model) (increase(token_budget_cost_total{${CHOSEN}}[$__range])))`,
          ),
          rows(
            'B',
            `sum by (job, gen_ai_request_model) (increase(token_budget_call_cost_count{${CHOSEN}}[$__range]))`,
          ),
        ],
        { job: 'Service', gen_ai_request_model: 'Model' },
        [
          { refId: 'A', title: 'Spent' },
          { refId: 'B', title: 'Calls', unit: Short },
        ],
      ),
    );
}
